using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Cryptography;

/// <summary>Encrypt, Decrypt and ReEncrypt with RSA keys, and between keys.</summary>
/// <remarks>Source of codes and texts: answers recorded at AWS by localstack's tests/aws/services/kms/test_kms.py.</remarks>
public sealed class EncryptionTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("RSA_2048", "RSAES_OAEP_SHA_1", 214)]
    [InlineData("RSA_2048", "RSAES_OAEP_SHA_256", 190)]
    [InlineData("RSA_3072", "RSAES_OAEP_SHA_256", 318)]
    [InlineData("RSA_4096", "RSAES_OAEP_SHA_256", 446)]
    public async Task An_RSA_key_opens_what_it_or_its_public_key_sealed_up_to_its_length(string spec, string algorithm, int longest)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = "ENCRYPT_DECRYPT" });
        var plaintext = RandomNumberGenerator.GetBytes(longest);
        var blob = (await EncryptAsync(plaintext)).CiphertextBlob;
        Assert.Equal(plaintext, await DecryptAsync(blob.ToArray()));

        using var publicKey = RSA.Create();
        publicKey.ImportSubjectPublicKeyInfo((await simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.KeyId }, Token)).PublicKey.ToArray(), out _);
        var padding = algorithm == "RSAES_OAEP_SHA_1" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        Assert.Equal([1, 2], await DecryptAsync(publicKey.Encrypt([1, 2], padding)));

        await KmsAssert.FailsAsync("ValidationException", $"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {longest} bytes.", () =>
            EncryptAsync(new byte[longest + 1]));
        await KmsAssert.FailsAsync("InvalidCiphertextException", "", () => DecryptAsync([1, 2, 3]));

        Task<EncryptResponse> EncryptAsync(byte[] bytes) => simulator.Kms.EncryptAsync(
            new EncryptRequest { KeyId = key.KeyId, EncryptionAlgorithm = algorithm, Plaintext = new MemoryStream(bytes) }, Token);

        async Task<byte[]> DecryptAsync(byte[] bytes) => (await simulator.Kms.DecryptAsync(
            new DecryptRequest { KeyId = key.KeyId, EncryptionAlgorithm = algorithm, CiphertextBlob = new MemoryStream(bytes) }, Token)).Plaintext.ToArray();
    }

    [Theory]
    [InlineData("SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", "RSA_2048", "RSAES_OAEP_SHA_256")]
    [InlineData("RSA_2048", "RSAES_OAEP_SHA_256", "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT")]
    [InlineData("SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT")]
    public async Task ReEncrypt_moves_a_ciphertext_from_one_key_to_another(string fromSpec, string from, string toSpec, string to)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var source = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = fromSpec, KeyUsage = "ENCRYPT_DECRYPT" });
        var destination = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = toSpec, KeyUsage = "ENCRYPT_DECRYPT" });
        var blob = (await simulator.Kms.EncryptAsync(
            new EncryptRequest { KeyId = source.KeyId, EncryptionAlgorithm = from, Plaintext = new MemoryStream([7]) }, Token)).CiphertextBlob;
        var moved = await simulator.Kms.ReEncryptAsync(
            new ReEncryptRequest
            {
                CiphertextBlob = blob,
                SourceKeyId = source.KeyId,
                SourceEncryptionAlgorithm = from,
                DestinationKeyId = destination.KeyId,
                DestinationEncryptionAlgorithm = to,
            },
            Token);
        Assert.Equal((source.Arn, destination.Arn), (moved.SourceKeyId, moved.KeyId));
        Assert.Equal((source.CurrentKeyMaterialId, destination.CurrentKeyMaterialId), (moved.SourceKeyMaterialId, moved.DestinationKeyMaterialId));
        var opened = await simulator.Kms.DecryptAsync(
            new DecryptRequest { KeyId = destination.KeyId, EncryptionAlgorithm = to, CiphertextBlob = moved.CiphertextBlob }, Token);
        Assert.Equal([7], opened.Plaintext.ToArray());
        var usage = (await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = source.KeyId }, Token)).KeyLastUsage;
        Assert.Equal("ReEncrypt", usage.Operation.Value);
    }

    [Fact]
    public async Task Keys_that_are_not_for_this_are_refused_in_KMSs_words()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var symmetric = await simulator.CreateKeyAsync();
        var hmac = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "HMAC_224", KeyUsage = "GENERATE_VERIFY_MAC" });
        var signing = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "RSA_2048", KeyUsage = "SIGN_VERIFY" });
        var blob = (await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = symmetric.KeyId, Plaintext = new MemoryStream([7]) }, Token)).CiphertextBlob.ToArray();
        const string WrongKey = "The key ID in the request does not identify a CMK that can perform this operation.";

        await KmsAssert.FailsAsync("InvalidKeyUsageException", $"{signing.Arn} key usage is SIGN_VERIFY which is not valid for Encrypt.", () =>
            simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = signing.KeyId, Plaintext = new MemoryStream([7]) }, Token));
        await KmsAssert.FailsAsync("InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.", () =>
            simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = symmetric.KeyId, EncryptionAlgorithm = "RSAES_OAEP_SHA_1", Plaintext = new MemoryStream([7]) }, Token));
        await KmsAssert.FailsAsync("IncorrectKeyException", WrongKey, () =>
            simulator.Kms.DecryptAsync(new DecryptRequest { KeyId = hmac.KeyId, CiphertextBlob = new MemoryStream(blob) }, Token));
        await KmsAssert.FailsAsync("IncorrectKeyException", WrongKey, () => ReEncryptAsync(hmac.KeyId, hmac.KeyId));
        await KmsAssert.FailsAsync("InvalidKeyUsageException", "SIGN_VERIFY which is not valid for ReEncryptTo.", () => ReEncryptAsync(symmetric.KeyId, signing.KeyId));
        await KmsAssert.FailsAsync("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096", () =>
            simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = symmetric.KeyId, Plaintext = new MemoryStream(new byte[4097]) }, Token));

        Task<ReEncryptResponse> ReEncryptAsync(string from, string to) => simulator.Kms.ReEncryptAsync(
            new ReEncryptRequest { CiphertextBlob = new MemoryStream(blob), SourceKeyId = from, DestinationKeyId = to }, Token);
    }

    [Fact]
    public async Task ReEncrypt_needs_a_permission_for_each_key()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var source = await CreateAsync("kms:ReEncryptFrom");
        var destination = await CreateAsync("kms:ReEncryptTo");
        var blob = (await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = source, Plaintext = new MemoryStream([7]) }, Token)).CiphertextBlob.ToArray();
        var app = await simulator.KmsAsAsync("""{"principal":"arn:aws:iam::123456789012:role/app"}""");
        await app.ReEncryptAsync(new ReEncryptRequest { CiphertextBlob = new MemoryStream(blob), DestinationKeyId = destination }, Token);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:ReEncryptTo", () =>
            app.ReEncryptAsync(new ReEncryptRequest { CiphertextBlob = new MemoryStream(blob), DestinationKeyId = source }, Token));

        async Task<string> CreateAsync(string action) => (await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = $$"""
                {"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/simulator"},"Action":"kms:*","Resource":"*"},
                {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"{{action}}","Resource":"*"}]}
                """,
        })).KeyId;
    }
}
