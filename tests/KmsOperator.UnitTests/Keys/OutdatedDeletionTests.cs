using KmsOperator.Testing.ApiServer;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What cannot be undone is decided on what the API server says at that moment, and not on a cache.</summary>
public sealed class OutdatedDeletionTests
{
    private const string Protection = "kms.servicekey.dev/deletion-protection";
    private const string Multi = "multiRegion: true";

    public static TheoryData<string, string, string> Changes => new()
    {
        { "protected", "Delete", "somebody has protected the key" },
        { "class", "Delete", "the class has another deletion policy now" },
        { "replica", "Delete", "somebody has made a replica of the key" },
        { "protected", "Disable", "the resource has changed, so the decision is made again" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_changed_just_before_the_key_is_scheduled_counts(string change, string policy, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", Multi));
        await scenario.RestAsync();
        var met = 0;

        // The operator's caches learn of it only later.
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request is not { Verb: "get", Plural: "servicekeys" } || met++ > 0)
                return Task.CompletedTask;
            if (change == "protected")
                scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), Protection, "true");
            else
                scenario.User.Apply(change == "class" ? Scenario.Class("deletionPolicy: Retain") : Scenario.Replica("copy", "primaryRef: {name: one}", "region: eu-west-1"), Scenario.Namespace);
            return Task.CompletedTask;
        };
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.True(met > 0);
        Assert.True(await scenario.CallsAsync("ScheduleKeyDeletion") == 0, why);
        var isGone = scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is null;
        Assert.Equal(change == "class" || policy == "Disable", isGone);
    }

    [Theory]
    [InlineData("Retain", 0, "the key is kept")]
    [InlineData("Delete", 1, "a later decision for the deletion counts as well")]
    public async Task What_changed_while_the_key_was_found_by_its_attempt_counts(string policy, int scheduled, string why)
    {
        using var scenario = await Scenario.StartAsync();
        scenario.Operator.Connection.Before = (request, _) =>
            request is { Verb: "apply", Plural: "servicekeys" } ? throw new HttpRequestException("The status cannot be written.") : Task.CompletedTask;
        scenario.User.Apply(Scenario.Key("one", "service: s3", $"deletionPolicy: {(policy == "Delete" ? "Retain" : "Delete")}"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        scenario.Operator.Kill();
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        scenario.Operator.Start();
        var met = 0;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request is { Verb: "apply", Plural: "servicekeys" } && met++ == 0)
                scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $$$"""{"spec": {"deletionPolicy": "{{{policy}}}"}}""");
            return Task.CompletedTask;
        };
        await scenario.RestAsync();

        Assert.True(met > 0);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True(await scenario.CallsAsync("ScheduleKeyDeletion") == scheduled, why);
    }

    [Theory]
    [InlineData("Conflict", "the cache does not show the KeyReplica yet")]
    [InlineData("Deleted", "the KeyReplica is on its way out")]
    public async Task A_KeyReplica_that_is_there_already_is_not_made_twice(string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        if (state == "Deleted")
        {
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3", Multi, "replicaRegions: [eu-west-1]"));
            await scenario.RestAsync();
            await scenario.DeleteAsync("KeyReplica", "one-eu-west-1");
        }
        else
        {
            scenario.Operator.Connection.Before = MakeFirst(scenario);
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3", Multi, "replicaRegions: [eu-west-1]"));
        }

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        if (state == "Deleted")
            scenario.AssertReady("ServiceKey", "one");
        else
            scenario.AssertStalled("ServiceKey", "one", "ReplicaConflict");
        Assert.True(scenario.User.List("KeyReplica").Count == 1, why);
    }

    private static RequestHook MakeFirst(Scenario scenario)
    {
        var met = 0;
        return (request, _) =>
        {
            if (request is { Verb: "create", Plural: "keyreplicas" } && met++ == 0)
                scenario.User.Apply(Scenario.Replica("one-eu-west-1", "primaryRef: {name: other}", "region: eu-west-1"), Scenario.Namespace);
            return Task.CompletedTask;
        };
    }
}
