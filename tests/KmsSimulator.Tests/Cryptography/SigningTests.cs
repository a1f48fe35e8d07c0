using System.Security.Cryptography;
using System.Text;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Cryptography;

/// <summary>Sign, Verify, GetPublicKey.</summary>
/// <remarks>Source of codes and texts: answers recorded at AWS by localstack's tests/aws/services/kms/test_kms.py, test_sign_verify.</remarks>
public sealed class SigningTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes("a message");

    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("RSA_2048", "RSASSA_PSS_SHA_256")]
    [InlineData("RSA_2048", "RSASSA_PSS_SHA_384")]
    [InlineData("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512")]
    [InlineData("RSA_3072", "RSASSA_PKCS1_V1_5_SHA_384")]
    [InlineData("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_256")]
    [InlineData("ECC_NIST_P256", "ECDSA_SHA_256")]
    [InlineData("ECC_NIST_P384", "ECDSA_SHA_384")]
    [InlineData("ECC_NIST_P521", "ECDSA_SHA_512")]
    [InlineData("ECC_SECG_P256K1", "ECDSA_SHA_256")]
    public async Task What_a_key_signs_it_verifies_and_so_does_its_public_key(string spec, string algorithm)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = "SIGN_VERIFY" });
        var hash = new HashAlgorithmName("SHA" + algorithm[^3..]);
        var digest = CryptographicOperations.HashData(hash, Message);
        var raw = await SignAsync(simulator.Kms, key.KeyId, algorithm, "RAW", Message);
        var ofDigest = await SignAsync(simulator.Kms, key.KeyId, algorithm, "DIGEST", digest);
        Assert.True((await VerifyAsync("RAW", Message, raw)).SignatureValid);
        Assert.True((await VerifyAsync("DIGEST", digest, raw)).SignatureValid);
        Assert.True((await VerifyAsync("RAW", Message, ofDigest)).SignatureValid);

        var answer = await simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.Arn }, Token);
        Assert.Equal((key.Arn, spec, "SIGN_VERIFY"), (answer.KeyId, answer.KeySpec.Value, answer.KeyUsage.Value));
        Assert.Contains(algorithm, answer.SigningAlgorithms);
        Assert.True(VerifiesAlone(answer.PublicKey.ToArray(), algorithm, hash, raw));

        await KmsAssert.FailsAsync("KMSInvalidSignatureException", "", () => VerifyAsync("RAW", [1, 2, 3], raw));
        await KmsAssert.FailsAsync("ValidationException", $"Digest is invalid length for algorithm {algorithm}.", () => VerifyAsync("DIGEST", Message, raw));
        await KmsAssert.FailsAsync("ValidationException", $"Digest is invalid length for algorithm {algorithm}.", () =>
            SignAsync(simulator.Kms, key.KeyId, algorithm, "DIGEST", Message));

        Task<VerifyResponse> VerifyAsync(string type, byte[] message, byte[] signature) => simulator.Kms.VerifyAsync(
            new VerifyRequest { KeyId = key.KeyId, SigningAlgorithm = algorithm, MessageType = type, Message = new MemoryStream(message), Signature = new MemoryStream(signature) }, Token);
    }

    [Theory]
    [InlineData("ENCRYPT_DECRYPT", "RSA_2048", "RSASSA_PSS_SHA_256", "key usage is ENCRYPT_DECRYPT which is not valid for Sign.")]
    [InlineData("GENERATE_VERIFY_MAC", "HMAC_224", "RSASSA_PSS_SHA_256", "key usage is GENERATE_VERIFY_MAC which is not valid for Sign.")]
    [InlineData("SIGN_VERIFY", "ECC_NIST_P256", "ECDSA_SHA_384", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.")]
    public async Task Keys_that_do_not_sign_so_are_refused(string usage, string spec, string algorithm, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage });
        await KmsAssert.FailsAsync("InvalidKeyUsageException", message, () => SignAsync(simulator.Kms, key.KeyId, algorithm, "RAW", Message));
    }

    [Theory]
    [InlineData("ECC_NIST_EDWARDS25519", "ED25519_SHA_512")]
    [InlineData("ML_DSA_44", "ML_DSA_SHAKE_256")]
    public async Task Keys_of_whose_cryptography_DotNet_has_nothing_say_so(string spec, string algorithm)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = "SIGN_VERIFY" });
        await KmsAssert.FailsAsync("UnsupportedOperationException", $"no cryptography for keys with KeySpec {spec}", () =>
            SignAsync(simulator.Kms, key.KeyId, algorithm, "RAW", Message));
        await KmsAssert.FailsAsync("UnsupportedOperationException", $"no cryptography for keys with KeySpec {spec}", () =>
            simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.KeyId }, Token));
    }

    [Fact]
    public async Task A_replica_has_the_same_key_pair()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true, KeySpec = "ECC_NIST_P256", KeyUsage = "SIGN_VERIFY" })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        var signature = await SignAsync(simulator.Kms, id, "ECDSA_SHA_256", "RAW", Message);
        var verified = await simulator.KmsIn("eu-west-1").VerifyAsync(
            new VerifyRequest { KeyId = id, SigningAlgorithm = "ECDSA_SHA_256", Message = new MemoryStream(Message), Signature = new MemoryStream(signature) }, Token);
        Assert.True(verified.SignatureValid);
    }

    [Fact]
    public async Task Symmetric_keys_have_no_public_key_and_disabled_ones_still_have_theirs()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var symmetric = await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("UnsupportedOperationException", "SYMMETRIC_DEFAULT", () =>
            simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = symmetric.KeyId }, Token));
        var signing = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "ECC_NIST_P256", KeyUsage = "SIGN_VERIFY" });
        await simulator.Kms.DisableKeyAsync(signing.KeyId, Token);
        await simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = signing.KeyId }, Token);
    }

    private static async Task<byte[]> SignAsync(IAmazonKeyManagementService kms, string key, string algorithm, string type, byte[] message) =>
        (await kms.SignAsync(new SignRequest { KeyId = key, SigningAlgorithm = algorithm, MessageType = type, Message = new MemoryStream(message) }, Token)).Signature.ToArray();

    private static bool VerifiesAlone(byte[] publicKey, string algorithm, HashAlgorithmName hash, byte[] signature)
    {
        if (algorithm.StartsWith("ECDSA", StringComparison.Ordinal))
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(publicKey, out _);
            return ecdsa.VerifyData(Message, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        return rsa.VerifyData(Message, signature, hash, algorithm.Contains("PSS", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }
}
