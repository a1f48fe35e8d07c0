using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class ReplicaTests
{
    public static TheoryData<string, string[], string> Regions => new()
    {
        { "[eu-west-1]", ["eu-west-1"], "one more Region" },
        { "[eu-west-1, us-east-2]", ["eu-west-1", "us-east-2"], "two more Regions" },
    };

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task Each_replica_Region_gets_a_replica_with_a_policy_for_that_Region(string regions, string[] expected, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", $"replicaRegions: {regions}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        scenario.AssertReady("ServiceKey", "multi");
        var keys = await scenario.Aws.KeysAsync();
        Assert.True(keys.Count == expected.Length + 1, why);
        Assert.Single(keys.Select(key => (string?)key["keyId"]).Distinct());
        foreach (var region in expected)
        {
            scenario.AssertReady("KeyReplica", $"multi-{region}");
            var replica = keys.Single(key => (string?)key["region"] == region);
            Assert.Contains($"ec2.{region}.amazonaws.com", (string?)replica["policy"], StringComparison.Ordinal);
            Assert.Equal(["alias/acme/ebs"], Scenario.Aliases(replica));
        }
    }

    [Theory]
    [InlineData("Retain", "Enabled", "the replica's key stays")]
    [InlineData("Delete", "PendingDeletion", "the replica's key goes, its primary stays")]
    public async Task A_Region_that_is_taken_from_the_list_loses_its_replica(string policy, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]", $"deletionPolicy: {policy}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: []", $"deletionPolicy: {policy}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Empty(scenario.User.List("KeyReplica"));
        var states = (await scenario.Aws.KeysAsync()).ToDictionary(key => (string)key["region"]!, key => (string)key["keyState"]!);
        Assert.True(states["eu-west-1"] == state, why);
        Assert.Equal("Enabled", states["us-east-1"]);
    }

    [Fact]
    public async Task A_replica_waits_for_its_primary()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Replica("copy", "primaryRef: {name: multi}", "region: eu-west-1"));
        Assert.Equal("PrimaryNotReady", scenario.Condition("KeyReplica", "copy", "Ready")?.Reason);

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        scenario.AssertReady("KeyReplica", "copy");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Fact]
    public async Task A_primary_is_deleted_after_its_replicas()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        var states = (await scenario.Aws.KeysAsync()).ToDictionary(key => (string)key["region"]!, key => (string)key["keyState"]!);
        Assert.Equal("PendingReplicaDeletion", states["us-east-1"]);
        Assert.Equal("PendingDeletion", states["eu-west-1"]);
        Assert.Empty(scenario.User.List("ServiceKey"));
        Assert.Empty(scenario.User.List("KeyReplica"));
    }
}
