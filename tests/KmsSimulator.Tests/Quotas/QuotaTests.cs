using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Quotas;

public sealed class QuotaTests
{
    private static CancellationToken Token => TestSimulator.Token;

    private static SimulatorOptions Scale(double scale) => new() { QuotaScale = scale, Seed = 1 };

    [Fact]
    public async Task Five_keys_can_be_made_in_a_second_and_the_sixth_is_throttled()
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(1));
        for (var i = 0; i < 5; i++)
            await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("ThrottlingException", "You have exceeded the rate at which you may call KMS", () =>
            simulator.CreateKeyAsync());
        simulator.Time.Advance(TimeSpan.FromMilliseconds(200));
        await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
    }

    [Fact]
    public async Task Operations_Regions_and_accounts_have_quotas_of_their_own()
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(1));
        for (var i = 0; i < 5; i++)
            await simulator.CreateKeyAsync();
        await simulator.CreateKeyAsync(kms: simulator.KmsIn("eu-west-1"));
        await simulator.CreateKeyAsync(kms: simulator.KmsIn("us-east-1", await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r")));
        await simulator.Kms.ListKeysAsync(new ListKeysRequest(), Token);
    }

    [Theory]
    [InlineData(0.2, 1)]
    [InlineData(2, 10)]
    public async Task The_scale_is_a_factor(double scale, int keys)
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(scale));
        for (var i = 0; i < keys; i++)
            await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
    }

    [Fact]
    public async Task A_replica_costs_its_Region_two_new_keys()
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(1));
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        var abroad = simulator.KmsIn("eu-west-1");
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        for (var i = 0; i < 3; i++)
            await simulator.CreateKeyAsync(kms: abroad);
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync(kms: abroad));
    }

    [Fact]
    public async Task Advancing_the_keys_clock_fills_no_bucket_but_a_reset_does()
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(1));
        for (var i = 0; i < 5; i++)
            await simulator.CreateKeyAsync();
        await simulator.AdvanceAsync(TimeSpan.FromDays(1));
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
        await simulator.SetAsync("/_sim/reset", "");
        await simulator.CreateKeyAsync();
    }

    [Fact]
    public async Task Refused_input_counts_too()
    {
        await using var simulator = await TestSimulator.StartAsync(Scale(1));
        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(() =>
                simulator.CreateKeyAsync(new CreateKeyRequest { Policy = "{" }));
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
    }
}
