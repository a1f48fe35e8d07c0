using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KmsSimulator.Tests.Import;

namespace KmsSimulator.Tests.Sequences;

/// <summary>Sequences of calls whose answers are known from AWS, by the AWS CLI.</summary>
/// <remarks>Source of sequences and answers: AWS KMS API reference and developer guide; localstack's tests that were validated at AWS.</remarks>
public sealed class AwsCliSequenceTests : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kms-simulator-cli-");
    private TestSimulator? _simulator;

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        if (_simulator is not null)
            await _simulator.DisposeAsync();
    }

    [Fact]
    public async Task Asymmetric_and_HMAC_keys_have_a_rotation_status_and_it_is_off()
    {
        await StartAsync();
        foreach (var (spec, usage) in new[] { ("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC") })
        {
            var id = Id(await Json("create-key", "--key-spec", spec, "--key-usage", usage));
            Assert.False((bool)(await Json("get-key-rotation-status", "--key-id", id))!["KeyRotationEnabled"]!);
        }

        var external = Id(await Json("create-key", "--origin", "EXTERNAL"));
        await FailsAsync("UnsupportedOperationException", "origin is EXTERNAL which is not valid for this operation.", "get-key-rotation-status", "--key-id", external);
    }

    [Fact]
    public async Task A_signature_and_a_code_are_verified()
    {
        await StartAsync();
        var message = Write("message", Encoding.UTF8.GetBytes("a message"));
        var signing = Id(await Json("create-key", "--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY"));
        var signature = Bytes(await Json("sign", "--key-id", signing, "--message", message, "--signing-algorithm", "ECDSA_SHA_256"), "Signature");
        var verified = await Json(
            "verify", "--key-id", signing, "--message", message, "--signing-algorithm", "ECDSA_SHA_256", "--signature", Write("signature", signature));
        Assert.True((bool)verified!["SignatureValid"]!);
        using var publicKey = ECDsa.Create();
        publicKey.ImportSubjectPublicKeyInfo(Bytes(await Json("get-public-key", "--key-id", signing), "PublicKey"), out _);
        Assert.True(publicKey.VerifyData(Encoding.UTF8.GetBytes("a message"), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

        var mac = Id(await Json("create-key", "--key-spec", "HMAC_224", "--key-usage", "GENERATE_VERIFY_MAC"));
        var code = Write("mac", Bytes(await Json("generate-mac", "--key-id", mac, "--message", message, "--mac-algorithm", "HMAC_SHA_224"), "Mac"));
        Assert.True((bool)(await Json("verify-mac", "--key-id", mac, "--message", message, "--mac-algorithm", "HMAC_SHA_224", "--mac", code))!["MacValid"]!);
        var other = Write("other", [1, 2, 3]);
        await FailsAsync("KMSInvalidMacException", "", "verify-mac", "--key-id", mac, "--message", other, "--mac-algorithm", "HMAC_SHA_224", "--mac", code);
    }

    [Fact]
    public async Task Key_material_is_imported_used_and_deleted()
    {
        await StartAsync();
        var id = Id(await Json("create-key", "--origin", "EXTERNAL"));
        var parameters = await Json("get-parameters-for-import", "--key-id", id, "--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_2048");
        var wrapped = Importer.Wrap(Bytes(parameters, "PublicKey"), new byte[32], "RSAES_OAEP_SHA_256");
        var (token, material) = (Write("token", Bytes(parameters, "ImportToken")), Write("material", wrapped));
        string[] import = ["import-key-material", "--key-id", id, "--import-token", token, "--encrypted-key-material", material];
        await FailsAsync("ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES", import);
        await Json([.. import, "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"]);
        var plaintext = Write("plaintext", [7]);
        var blob = Write("blob", Bytes(await Json("encrypt", "--key-id", id, "--plaintext", plaintext), "CiphertextBlob"));
        Assert.Equal([7], Bytes(await Json("decrypt", "--ciphertext-blob", blob), "Plaintext"));
        await Json("delete-imported-key-material", "--key-id", id);
        await FailsAsync("KMSInvalidStateException", "is pending import.", "encrypt", "--key-id", id, "--plaintext", plaintext);
    }

    [Fact]
    public async Task A_key_of_AWS_is_described_by_its_alias_and_a_policy_comes_back_in_KMSs_layout()
    {
        await StartAsync();
        var aliases = (await Json("list-aliases"))!["Aliases"]!.AsArray();
        Assert.Contains(aliases, alias => ((string)alias!["AliasName"]!).StartsWith("alias/aws/", StringComparison.Ordinal) && alias["TargetKeyId"] is null);
        var key = (await Json("describe-key", "--key-id", "alias/aws/s3"))!["KeyMetadata"]!;
        Assert.Equal("AWS", (string)key["KeyManager"]!);
        var own = Id(await Json("create-key"));
        var policy = (string)(await Json("get-key-policy", "--key-id", own))!["Policy"]!;
        Assert.StartsWith("{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \"Sid\" : ", policy, StringComparison.Ordinal);
    }

    private static string Id(JsonNode? answer) => (string)answer!["KeyMetadata"]!["KeyId"]!;

    private static byte[] Bytes(JsonNode? answer, string name) => Convert.FromBase64String((string)answer![name]!);

    private async Task StartAsync()
    {
        await ExternalTool.RequireAsync("The AWS CLI", "REQUIRE_AWS_CLI", "aws", "--version");
        _simulator = await TestSimulator.StartAsync();
    }

    /// <summary>Binary parameters come from files: the CLI's versions read texts differently.</summary>
    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return $"fileb://{path}";
    }

    private async Task<JsonNode?> Json(params string[] arguments)
    {
        var (code, output, error) = await ExternalTool.RunAsync(_simulator, "aws", ["kms", .. arguments, "--output", "json"]);
        Assert.True(code == 0, $"aws kms {string.Join(' ', arguments)}: {error}");
        return output.Length == 0 ? null : JsonNode.Parse(output);
    }

    private async Task FailsAsync(string errorCode, string message, params string[] arguments)
    {
        var (code, _, error) = await ExternalTool.RunAsync(_simulator, "aws", ["kms", .. arguments]);
        Assert.NotEqual(0, code);
        Assert.Contains($"({errorCode})", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }
}
