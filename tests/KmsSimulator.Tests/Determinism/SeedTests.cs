using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Determinism;

public sealed class SeedTests
{
    private static SimulatorOptions Late => new() { QuotaScale = 0, Seed = 7, ConsistencyDelay = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task Ids_do_not_depend_on_when_time_passes()
    {
        Assert.Equal(await IdsAsync(waitBetween: false), await IdsAsync(waitBetween: true));

        static async Task<string> IdsAsync(bool waitBetween)
        {
            await using var simulator = await TestSimulator.StartAsync(Late);
            var primary = await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true });
            simulator.Time.Advance(TimeSpan.FromSeconds(2));
            await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = primary.KeyId, ReplicaRegion = "eu-west-1" }, TestSimulator.Token);
            if (waitBetween)
                simulator.Time.Advance(TimeSpan.FromSeconds(5));
            var second = await simulator.CreateKeyAsync();
            return $"{primary.KeyId} {primary.CurrentKeyMaterialId} {second.KeyId} {second.CurrentKeyMaterialId}";
        }
    }

    [Fact]
    public async Task Ids_do_not_depend_on_what_other_accounts_do()
    {
        Assert.Equal(await IdAsync(others: 0), await IdAsync(others: 3));

        static async Task<string> IdAsync(int others)
        {
            await using var simulator = await TestSimulator.StartAsync(Late);
            var other = simulator.KmsIn(TestSimulator.Region, await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r"));
            for (var i = 0; i < others; i++)
                await simulator.CreateKeyAsync(kms: other);
            return (await simulator.CreateKeyAsync()).KeyId;
        }
    }

    [Fact]
    public async Task A_replica_is_seen_once_both_its_making_and_its_transition_are_over()
    {
        await using var simulator = await TestSimulator.StartAsync(Late with { ConsistencyDelay = TimeSpan.FromHours(1) });
        var primary = await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true });
        simulator.Time.Advance(TimeSpan.FromHours(1));
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = primary.KeyId, ReplicaRegion = "eu-west-1" }, TestSimulator.Token);
        simulator.Time.Advance(TimeSpan.FromSeconds(1));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(primary.KeyId, "eu-west-1"));
        simulator.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("Enabled", (await simulator.DescribeAsync(primary.KeyId, "eu-west-1")).KeyState.Value);
    }

    [Fact]
    public async Task Access_keys_do_not_come_again_in_another_simulator_of_the_same_seed()
    {
        await using var one = await TestSimulator.StartAsync(Late);
        await using var other = await TestSimulator.StartAsync(Late);
        Assert.NotEqual(await KeyAsync(one), await KeyAsync(other));

        static async Task<string> KeyAsync(TestSimulator simulator) =>
            (await (await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r")).GetCredentialsAsync()).AccessKey;
    }
}
