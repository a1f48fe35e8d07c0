using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What holds for a ServiceKey holds for the replicas that it made.</summary>
public sealed class OwnReplicaTests
{
    private const string Replica = "one-eu-west-1";

    private static readonly string[] WithReplica = ["service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // what is asked of a ServiceKey, why its replica must not get it
    public static TheoryData<string[], string, string> Refusals => new()
    {
        { ["access: {users: [Intruder]}"], "PermissionDenied", "the class denies it to all that inherit it" },
        { ["policy: {override: {Version: \"2012-10-17\", Statement: [{Sid: Intruder, Effect: Allow, Principal: {AWS: \"*\"}, Action: \"kms:*\", Resource: \"*\"}]}}"], "PermissionDenied", "the class denies overrides" },
        { ["suspend: true", "access: {users: [Intruder]}"], "Suspended", "nobody has taken up what a suspended resource says" },
        { ["access: {users: [\"x:Intruder\"]}"], "InvalidSpec", "a spec that is refused is refused for all" },
    };

    [Fact]
    public async Task Protection_of_a_ServiceKey_covers_the_replicas_that_it_made()
    {
        using var scenario = await ReadyAsync([], "deletionPolicy: Delete");
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/deletion-protection", "true");

        SetRegions(scenario, []);
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "Deleting");
        Assert.Contains("spec.replicaRegions: eu-west-1", MessageOf(scenario, "ServiceKey", "one"), StringComparison.Ordinal);
        Assert.False(IsDeleting(scenario));
        SetRegions(scenario, ["eu-west-1"]);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");

        await scenario.DeleteAsync("ServiceKey", "one");
        scenario.AssertStalled("ServiceKey", "one", "Deleting");
        Assert.Contains("is protected", MessageOf(scenario, "ServiceKey", "one"), StringComparison.Ordinal);
        Assert.False(IsDeleting(scenario));
        await scenario.DeleteAsync("KeyReplica", Replica);
        scenario.AssertStalled("KeyReplica", Replica, "Deleting");
        Assert.Contains("of ServiceKey one", MessageOf(scenario, "KeyReplica", Replica), StringComparison.Ordinal);
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/deletion-protection", null);
        await scenario.RestAsync();
        Assert.Equal(["PendingDeletion", "PendingReplicaDeletion"], (await scenario.Aws.KeysAsync()).Select(key => (string?)key["keyState"]).Order());
    }

    [Fact]
    public async Task A_class_that_moves_is_refused_for_the_replicas_as_for_their_primary()
    {
        using var scenario = await ReadyAsync([]);
        var before = await KeysAsync(scenario);

        await scenario.ApplyAsync(Scenario.Class().Replace("us-east-1", "eu-central-1", StringComparison.Ordinal));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        AssertWaits(scenario, "keys do not move");
        Assert.Equal(before, await KeysAsync(scenario));

        await scenario.ApplyAsync(Scenario.Class());
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_second_KeyReplica_of_a_Region_does_not_hide_the_first()
    {
        using var scenario = await ReadyAsync([], "publish: {configMapName: one}");

        await scenario.ApplyAsync(Scenario.Replica("a", "primaryRef: {name: one}", "region: eu-west-1", "alias: alias/acme/a"));
        scenario.AssertStalled("KeyReplica", "a", "ReplicaConflict");
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var rows = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["replicas"]!.AsArray();
        Assert.Equal([Replica], rows.Select(row => (string?)row!["name"]));
        var published = scenario.User.Get("ConfigMap", Scenario.Id("ConfigMap", "one"))["data"]!;
        Assert.StartsWith("arn:aws:kms:eu-west-1:", (string?)published["replicaArn_eu_west_1"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task To_look_at_a_ServiceKey_is_to_look_at_its_replicas_as_well()
    {
        using var scenario = await ReadyAsync([]);
        await scenario.Aws.Kms("eu-west-1").DisableKeyAsync(new DisableKeyRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_replica_that_AWS_refuses_at_first_is_tried_again_and_nobody_is_called()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ReplicateKey", "kind": "accessDenied"}""");

        await scenario.ApplyAsync(Scenario.Key("one", WithReplica));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.DoesNotContain(scenario.User.List("Event"), found => (string?)found["type"] == "Warning");
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_a_ServiceKey_is_refused_its_replica_does_not_get(string[] asked, string reason, string why)
    {
        using var scenario = await ReadyAsync(reason == "PermissionDenied" ? ["permissions: {policyOverride: Deny, additionalAccess: Deny}"] : []);

        var spec = Scenario.Key("one", [.. WithReplica, .. asked]);
        if (reason == "InvalidSpec")
        {
            Assert.Contains("spec.access.users", Assert.Throws<KubernetesApiException>(() => scenario.User.Apply(spec, Scenario.Namespace)).Message, StringComparison.Ordinal);
            return;
        }

        await scenario.ApplyAsync(spec);
        await scenario.RestAsync();

        if (reason == "Suspended")
        {
            Assert.True(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "Unknown", Reason: "Suspended" }, why);
            Assert.True(scenario.Condition("KeyReplica", Replica, "Ready") is { Status: "Unknown", Reason: "Suspended" }, why);
        }
        else
        {
            scenario.AssertStalled("ServiceKey", "one", reason);
            AssertWaits(scenario, "refused");
        }

        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.False(((string)key["policy"]!).Contains("Intruder", StringComparison.Ordinal), why));
    }

    [Fact]
    public async Task What_needs_a_person_on_a_replica_is_Stalled_on_its_ServiceKey_too()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true"));
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), ReplicaRegion = "eu-west-1" }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", WithReplica));
        await scenario.RestAsync();

        scenario.AssertStalled("KeyReplica", Replica, "ReplicaConflict");
        scenario.AssertStalled("ServiceKey", "one", "ReplicaConflict");
        Assert.Contains(Replica, MessageOf(scenario, "ServiceKey", "one"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_ServiceKeys_that_want_one_alias_the_one_that_has_it_gets_it_in_all_Regions()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/wanted", "multiRegion: true") + Scenario.Key("two", [.. WithReplica, "alias: alias/two"]));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("two", [.. WithReplica, "alias: alias/wanted"]));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");
        AssertWaits(scenario, "alias/wanted: this replica gets it once ServiceKey two has it.", "two-eu-west-1");
        Assert.Equal("alias/two", scenario.Status("KeyReplica", "two-eu-west-1", "aliasName"));

        await scenario.ApplyAsync(Scenario.Key("one", [.. WithReplica, "alias: alias/wanted"]));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("alias/wanted", scenario.Status("KeyReplica", Replica, "aliasName"));

        // As soon as the name is free, it goes over in both Regions, and nothing of the old name stays.
        await scenario.ApplyAsync(Scenario.Key("one", [.. WithReplica, "alias: alias/other"]));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "two");
        Assert.Equal("alias/wanted", scenario.Status("KeyReplica", "two-eu-west-1", "aliasName"));
        Assert.Equal(["alias/other", "alias/other", "alias/wanted", "alias/wanted"], (await scenario.Aws.KeysAsync()).SelectMany(key => key["aliases"]!.AsArray()).Select(alias => (string?)alias).Order());
    }

    [Fact]
    public async Task A_new_replica_waits_for_an_alias_that_its_ServiceKey_does_not_have_yet()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("other", "service: s3", "alias: alias/wanted") + Scenario.Key("one", "service: s3", "multiRegion: true"));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("one", [.. WithReplica, "alias: alias/wanted"]));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        AssertWaits(scenario, "ServiceKey one does not have alias/wanted yet");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);

        await scenario.ApplyAsync(Scenario.Key("other", "service: s3", "alias: alias/other"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("KeyReplica", Replica);
    }

    [Fact]
    public async Task A_replica_keeps_the_Retain_that_it_inherited_when_its_primary_is_gone()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(
            Scenario.Key("one", "service: s3", "multiRegion: true", "deletionPolicy: Retain") + Scenario.Replica("copy", "primaryRef: {name: one}", "region: eu-west-1"));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
    }

    [Fact]
    public async Task A_replica_keeps_the_Retain_that_it_inherited_where_another_ServiceKey_has_the_name_of_its_primary()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(
            Scenario.Key("one", "service: s3", "multiRegion: true", "deletionPolicy: Retain") + Scenario.Replica("copy", "primaryRef: {name: one}", "region: eu-west-1"));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        // The next resource of the name gets a key of its own: a key is multi-Region from its creation, or never.
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/another", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
    }

    private static async Task<Scenario> ReadyAsync(string[] classFields, params string[] fields)
    {
        var scenario = await Scenario.StartAsync(classFields);
        await scenario.ApplyAsync(Scenario.Key("one", [.. WithReplica, .. fields]));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        return scenario;
    }

    private static void SetRegions(Scenario scenario, string[] regions) => scenario.User.Patch(
        "ServiceKey",
        Scenario.Id("ServiceKey", "one"),
        new JsonObject { ["spec"] = new JsonObject { ["replicaRegions"] = new JsonArray([.. regions.Select(region => JsonValue.Create(region))]) } }.ToJsonString());

    /// <summary>Holds that the replica waits for its primary, and says this.</summary>
    private static void AssertWaits(Scenario scenario, string message, string replica = Replica)
    {
        Assert.True(scenario.Condition("KeyReplica", replica, "Ready") is { Status: "False", Reason: "PrimaryNotReady" });
        Assert.Equal("True", scenario.Condition("KeyReplica", replica, "Reconciling")?.Status);
        Assert.Contains(message, MessageOf(scenario, "KeyReplica", replica), StringComparison.Ordinal);
    }

    private static string MessageOf(Scenario scenario, string kind, string name) => scenario.Condition(kind, name, "Ready")!.Value.Message;

    private static bool IsDeleting(Scenario scenario) =>
        scenario.User.Get("KeyReplica", Scenario.Id("KeyReplica", Replica))["metadata"]!["deletionTimestamp"] is not null;

    private static async Task<string> KeysAsync(Scenario scenario) => string.Join('\n', (await scenario.Aws.KeysAsync()).Select(key => key.ToJsonString()));
}
