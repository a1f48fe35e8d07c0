using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>KeyReplicas that are suspended, by their own spec or with their primary.</summary>
public sealed class SuspendedReplicaTests
{
    private const string Multi = "multiRegion: true";
    private const string OfMulti = "primaryRef: {name: multi}";
    private const string There = "region: eu-west-1";

    [Fact]
    public async Task A_replica_that_its_suspended_primary_made_is_deleted_only_when_the_primary_goes_on()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]", "suspend: true"));

        await scenario.DeleteAsync("KeyReplica", "multi-eu-west-1");
        await scenario.RestAsync();
        Assert.Equal(
            "spec.suspend of ServiceKey multi is true: the deletion waits until it is false.", scenario.Condition("KeyReplica", "multi-eu-west-1", "Ready")?.Message);

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: []"));
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1")));
        scenario.AssertReady("ServiceKey", "multi");
    }

    [Fact]
    public async Task A_replica_that_people_made_can_be_deleted_while_its_primary_is_suspended()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi) + Scenario.Replica("copy", OfMulti, There, "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "suspend: true"));

        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeysAsync()).Single(key => (string?)key["region"] == "eu-west-1")["keyState"]);
    }

    [Fact]
    public async Task A_replica_that_is_suspended_itself_is_neither_changed_nor_deleted_until_it_goes_on()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi) + Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There, "suspend: true", "description: changed"));
        Assert.Equal("Suspended", scenario.Condition("KeyReplica", "copy", "Ready")?.Reason);
        Assert.DoesNotContain("changed", (await scenario.Aws.KeysAsync()).Select(key => (string?)key["description"]));

        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();
        Assert.NotNull(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There, "suspend: false"));
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
    }
}
