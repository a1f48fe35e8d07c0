using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Cryptography;

/// <summary>Data keys, data key pairs, random bytes, shared secrets.</summary>
/// <remarks>Source of codes and texts: answers recorded at AWS by localstack's tests/aws/services/kms/test_kms.py.</remarks>
public sealed class DataKeyTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("RSA_2048")]
    [InlineData("ECC_NIST_P384")]
    [InlineData("ECC_SECG_P256K1")]
    public async Task The_private_key_of_a_pair_opens_with_the_key_and_belongs_to_the_public_one(string spec)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        Dictionary<string, string> context = new() { ["a"] = "b" };
        var pair = await simulator.Kms.GenerateDataKeyPairAsync(new GenerateDataKeyPairRequest { KeyId = key.KeyId, KeyPairSpec = spec, EncryptionContext = context }, Token);
        Assert.Equal((key.Arn, spec), (pair.KeyId, pair.KeyPairSpec.Value));
        var privateKey = pair.PrivateKeyPlaintext.ToArray();
        Assert.Equal(privateKey, (await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = pair.PrivateKeyCiphertextBlob, EncryptionContext = context }, Token)).Plaintext.ToArray());
        Assert.Equal(pair.PublicKey.ToArray(), PublicKeyOf(spec, privateKey));

        var without = await simulator.Kms.GenerateDataKeyPairWithoutPlaintextAsync(
            new GenerateDataKeyPairWithoutPlaintextRequest { KeyId = key.KeyId, KeyPairSpec = spec }, Token);
        var opened = await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = without.PrivateKeyCiphertextBlob }, Token);
        Assert.Equal(without.PublicKey.ToArray(), PublicKeyOf(spec, opened.Plaintext.ToArray()));
        await KmsAssert.FailsAsync("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", () =>
            simulator.Kms.GenerateDataKeyPairAsync(new GenerateDataKeyPairRequest { KeyId = key.KeyId, KeyPairSpec = spec, DryRun = true }, Token));
    }

    [Fact]
    public async Task A_data_key_without_plaintext_opens_with_its_context()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        Dictionary<string, string> context = new() { ["a"] = "b" };
        var key = await simulator.Kms.GenerateDataKeyWithoutPlaintextAsync(
            new GenerateDataKeyWithoutPlaintextRequest { KeyId = id, KeySpec = "AES_128", EncryptionContext = context }, Token);
        var blob = key.CiphertextBlob.ToArray();
        Assert.Equal(16, (await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream(blob), EncryptionContext = context }, Token)).Plaintext.Length);
        await KmsAssert.FailsAsync("InvalidCiphertextException", "", () => simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream(blob) }, Token));
    }

    [Theory]
    [InlineData("{}", "NumberOfBytes is required.")]
    [InlineData("""{"NumberOfBytes":0}""", "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1")]
    [InlineData("""{"NumberOfBytes":1025}""", "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024")]
    public async Task Random_bytes_are_counted(string body, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await RawHttp.KmsAsync(simulator, "GenerateRandom", body);
        var error = System.Text.Json.Nodes.JsonNode.Parse(answer)!;
        Assert.Equal((400, "ValidationException", message), (status, (string)error["__type"]!, (string)error["message"]!));
        Assert.Equal(1024, (await simulator.Kms.GenerateRandomAsync(new GenerateRandomRequest { NumberOfBytes = 1024 }, Token)).Plaintext.Length);
    }

    [Theory]
    [InlineData("ECC_NIST_P256", 32)]
    [InlineData("ECC_NIST_P384", 48)]
    [InlineData("ECC_NIST_P521", 66)]
    public async Task Two_keys_derive_the_same_secret_from_each_others_public_keys(string spec, int length)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (one, other) = (await CreateAsync(spec), await CreateAsync(spec));
        var secret = await DeriveAsync(one.KeyId, other.PublicKey);
        Assert.Equal((one.KeyId, "ECDH", "AWS_KMS", length), (secret.KeyId, secret.KeyAgreementAlgorithm.Value, secret.KeyOrigin.Value, (int)secret.SharedSecret.Length));
        Assert.Equal(secret.SharedSecret.ToArray(), (await DeriveAsync(other.KeyId, one.PublicKey)).SharedSecret.ToArray());

        // A third party derives it as well: it is ECDH, and nothing else.
        using var third = ECDiffieHellman.Create();
        third.GenerateKey(spec switch { "ECC_NIST_P256" => ECCurve.NamedCurves.nistP256, "ECC_NIST_P384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        using var key = ECDiffieHellman.Create();
        key.ImportSubjectPublicKeyInfo(one.PublicKey, out _);
        Assert.Equal(third.DeriveRawSecretAgreement(key.PublicKey), (await DeriveAsync(one.KeyId, third.ExportSubjectPublicKeyInfo())).SharedSecret.ToArray());

        var signing = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = "SIGN_VERIFY" });
        await KmsAssert.FailsAsync("InvalidKeyUsageException", "key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret.", () => DeriveAsync(signing.KeyId, one.PublicKey));
        await KmsAssert.FailsAsync("ValidationException", "", () => DeriveAsync(one.KeyId, [1, 2, 3]));
        await KmsAssert.FailsAsync("ValidationException", "", async () => await DeriveAsync(one.KeyId, (await CreateAsync(spec == "ECC_NIST_P256" ? "ECC_NIST_P384" : "ECC_NIST_P256")).PublicKey));
        await KmsAssert.FailsAsync("ValidationException", "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048", () => CreateAsync("RSA_2048"));

        async Task<(string KeyId, byte[] PublicKey)> CreateAsync(string keySpec)
        {
            var arn = (await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = keySpec, KeyUsage = "KEY_AGREEMENT" })).Arn;
            return (arn, (await simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = arn }, Token)).PublicKey.ToArray());
        }

        Task<DeriveSharedSecretResponse> DeriveAsync(string id, byte[] publicKey) => simulator.Kms.DeriveSharedSecretAsync(
            new DeriveSharedSecretRequest { KeyId = id, KeyAgreementAlgorithm = "ECDH", PublicKey = new MemoryStream(publicKey) }, Token);
    }

    private static byte[] PublicKeyOf(string spec, byte[] privateKey)
    {
        if (spec.StartsWith("RSA", StringComparison.Ordinal))
        {
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(privateKey, out _);
            return rsa.ExportSubjectPublicKeyInfo();
        }

        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(privateKey, out _);
        return key.ExportSubjectPublicKeyInfo();
    }
}
