using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Cryptography;

public sealed class CryptographyTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task What_was_encrypted_is_decrypted_with_the_same_context_only()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync("alias/a", key.KeyId, Token);
        var blob = (await simulator.Kms.EncryptAsync(
            new EncryptRequest { KeyId = "alias/a", Plaintext = new MemoryStream([1, 2, 3]), EncryptionContext = new() { ["a"] = "bc" } }, Token)).CiphertextBlob;
        var opened = await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = blob, EncryptionContext = new() { ["a"] = "bc" } }, Token);
        Assert.Equal([1, 2, 3], opened.Plaintext.ToArray());
        Assert.Equal(key.Arn, opened.KeyId);
        await KmsAssert.FailsAsync("InvalidCiphertextException", "", () => simulator.Kms.DecryptAsync(
            new DecryptRequest { CiphertextBlob = Copy(blob), EncryptionContext = new() { ["ab"] = "c" } }, Token));
        var other = await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("IncorrectKeyException", "", () =>
            simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = Copy(blob), KeyId = other.KeyId }, Token));
        await KmsAssert.FailsAsync("InvalidCiphertextException", "", () =>
            simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream([1]) }, Token));
    }

    [Fact]
    public async Task A_replica_opens_what_its_primary_sealed()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        var key = await simulator.Kms.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = id, KeySpec = "AES_256" }, Token);
        var opened = await simulator.KmsIn("eu-west-1").DecryptAsync(new DecryptRequest { CiphertextBlob = key.CiphertextBlob }, Token);
        Assert.Equal(key.Plaintext.ToArray(), opened.Plaintext.ToArray());
        Assert.Equal(32, opened.Plaintext.Length);
    }

    [Fact]
    public async Task The_last_use_is_remembered_in_each_Region_by_itself()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var unused = await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = id }, Token);
        Assert.Equal((null, null), (unused.KeyLastUsage.Operation, unused.KeyLastUsage.Timestamp));
        Assert.Equal(unused.KeyCreationDate, unused.TrackingStartDate);
        simulator.Time.Advance(TimeSpan.FromHours(1));
        await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = id, Plaintext = new MemoryStream([1]) }, Token);
        var used = await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = id }, Token);
        Assert.Equal(("Encrypt", simulator.Time.GetUtcNow().UtcDateTime), (used.KeyLastUsage.Operation.Value, used.KeyLastUsage.Timestamp));
        await KmsAssert.FailsAsync("DryRunOperationException", "", () =>
            simulator.Kms.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = id, KeySpec = "AES_256", DryRun = true }, Token));
        Assert.Equal("Encrypt", (await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = id }, Token)).KeyLastUsage.Operation.Value);
    }

    // Source: AWS KMS API reference, GetKeyLastUsage, KeyLastUsage and TrackingStartDate.
    [Fact]
    public async Task What_was_before_tracking_began_is_not_known()
    {
        var began = new DateTimeOffset(2026, 4, 23, 0, 0, 0, TimeSpan.Zero);
        await using var simulator = await TestSimulator.StartAsync(new SimulatorOptions { QuotaScale = 0, Seed = 1, UsageTrackingSince = began });
        var old = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = old, Plaintext = new MemoryStream([1]) }, Token);
        simulator.Time.SetUtcNow(began.AddDays(1));
        var young = (await simulator.CreateKeyAsync()).KeyId;

        var (_, answer) = await RawHttp.KmsAsync(simulator, "GetKeyLastUsage", $$"""{"KeyId":"{{old}}"}""");
        Assert.Contains("\"KeyLastUsage\":{}", answer, StringComparison.Ordinal);
        var seen = await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = old }, Token);
        Assert.Equal(began.UtcDateTime, seen.TrackingStartDate);
        Assert.True(seen.KeyCreationDate < seen.TrackingStartDate, "the time before tracking is unknown");
        var fresh = await simulator.Kms.GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = young }, Token);
        Assert.Equal(fresh.KeyCreationDate, fresh.TrackingStartDate);
    }

    [Fact]
    public async Task Operations_that_are_not_simulated_say_so()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("UnsupportedOperationException", "does not simulate DescribeCustomKeyStores", () =>
            simulator.Kms.DescribeCustomKeyStoresAsync(new DescribeCustomKeyStoresRequest(), Token));
    }

    private static MemoryStream Copy(MemoryStream stream) => new(stream.ToArray());
}
