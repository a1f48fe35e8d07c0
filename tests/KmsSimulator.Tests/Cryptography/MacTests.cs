using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Cryptography;

/// <summary>GenerateMac, VerifyMac.</summary>
/// <remarks>Source of codes and texts: answers recorded at AWS by localstack's tests/aws/services/kms/test_kms.py, test_…_mac.</remarks>
public sealed class MacTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("HMAC_224", 28)]
    [InlineData("HMAC_256", 32)]
    [InlineData("HMAC_384", 48)]
    [InlineData("HMAC_512", 64)]
    public async Task A_code_is_good_for_its_message_only(string spec, int length)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = "GENERATE_VERIFY_MAC" });
        var algorithm = "HMAC_SHA_" + spec[^3..];
        var answer = await simulator.Kms.GenerateMacAsync(new GenerateMacRequest { KeyId = key.KeyId, MacAlgorithm = algorithm, Message = new MemoryStream([1]) }, Token);
        Assert.Equal((key.Arn, algorithm, length), (answer.KeyId, answer.MacAlgorithm.Value, (int)answer.Mac.Length));
        Assert.True((await VerifyAsync([1])).MacValid);
        await KmsAssert.FailsAsync("KMSInvalidMacException", "", () => VerifyAsync([2]));

        Task<VerifyMacResponse> VerifyAsync(byte[] message) => simulator.Kms.VerifyMacAsync(
            new VerifyMacRequest { KeyId = key.KeyId, MacAlgorithm = algorithm, Message = new MemoryStream(message), Mac = new MemoryStream(answer.Mac.ToArray()) }, Token);
    }

    [Theory]
    [InlineData("HMAC_224", "GENERATE_VERIFY_MAC", "HMAC_SHA_256", "InvalidKeyUsageException", "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.")]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "HMAC_SHA_224", "InvalidKeyUsageException", "key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.")]
    [InlineData("HMAC_256", "GENERATE_VERIFY_MAC", "INVALID", "ValidationException", "1 validation error detected: Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]")]
    public async Task Keys_and_algorithms_that_do_not_go_together_are_refused(string spec, string usage, string algorithm, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage });
        await KmsAssert.FailsAsync(code, message, () => simulator.Kms.GenerateMacAsync(
            new GenerateMacRequest { KeyId = key.KeyId, MacAlgorithm = algorithm, Message = new MemoryStream([1]) }, Token));
    }
}
