using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>A key that was used lately is not scheduled for deletion (<c>--deletion-guard-days</c>).</summary>
public sealed class DeletionGuardTests
{
    private const string Confirm = "kms.servicekey.dev/confirm-deletion";
    private const string Multi = "multiRegion: true";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // hours since the last use, null for none; hours of the guard; the key's state; why
    public static TheoryData<int?, int, string, string> Uses => new()
    {
        { null, 24, "PendingDeletion", "nobody has used the key" },
        { 24, 24, "PendingDeletion", "the last use is as long ago as the guard asks for" },
        { 23, 24, "Enabled", "the key was used within the guard's time" },
        { 0, 0, "PendingDeletion", "zero switches the guard off" },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task A_key_is_scheduled_only_when_nobody_has_used_it_for_that_long(int? hoursAgo, int guard, string state, string why)
    {
        using var scenario = await StartAsync(guard);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        if (hoursAgo is { } hours)
        {
            await UseAsync(scenario);
            await scenario.Operator.SettleAsync(TimeSpan.FromHours(hours));
        }

        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == state, why);
        if (state == "Enabled")
        {
            scenario.AssertStalled("ServiceKey", "one", "Deleting");
            Assert.Contains("(Encrypt), within the last 1 days", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true, "PendingDeletion", "the annotation names this key")]
    [InlineData(false, "Enabled", "an annotation that came with a copied manifest confirms nothing")]
    public async Task The_deletion_of_a_key_in_use_is_confirmed_with_its_id(bool namesTheKey, string state, string why)
    {
        using var scenario = await StartAsync(24);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await UseAsync(scenario);
        var keyId = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.DeleteAsync("ServiceKey", "one");
        scenario.AssertStalled("ServiceKey", "one", "Deleting");

        await scenario.AnnotateAsync("ServiceKey", "one", Confirm, namesTheKey ? keyId : "true");
        await scenario.RestAsync();

        Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == state, why);
    }

    [Fact]
    public async Task A_replica_in_use_holds_its_primary_back_until_the_primary_s_annotation_confirms()
    {
        using var scenario = await StartAsync(24);
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        await UseAsync(scenario, "eu-west-1", "alias/acme/ebs");
        var keyId = scenario.Status("ServiceKey", "multi", "keyId");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();
        scenario.AssertStalled("KeyReplica", "multi-eu-west-1", "Deleting");
        scenario.AssertStalled("ServiceKey", "multi", "ReplicasRemain");
        Assert.Contains(
            "The replicas have to go first, and KeyReplica multi-eu-west-1 does not: Deleting: ", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));

        await scenario.AnnotateAsync("ServiceKey", "multi", Confirm, keyId);
        await scenario.RestAsync();
        Assert.DoesNotContain("Enabled", (await scenario.Aws.KeysAsync()).Select(key => (string?)key["keyState"]));
    }

    [Fact]
    public async Task A_Region_that_may_not_be_asked_and_that_KMS_shows_no_replica_in_does_not_hold_the_primary_back()
    {
        using var scenario = await StartAsync(0);
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "*", "kind": "accessDenied", "region": "eu-west-1", "count": 100000}""");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "multi")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_primary_says_that_replicas_of_others_keep_it()
    {
        using var scenario = await StartAsync(0);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", Multi, "deletionPolicy: Delete"));
        var keyId = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = keyId, ReplicaRegion = "eu-west-1" }, Ct);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "ReplicasRemain");
        Assert.Contains("eu-west-1", scenario.Condition("ServiceKey", "one", "Stalled")!.Value.Message, StringComparison.Ordinal);

        // KMS would make it unusable at once.
        Assert.Equal("Enabled", scenario.Status("ServiceKey", "one", "keyState"));

        await scenario.Aws.Kms("eu-west-1").ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = 7 }, Ct);
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Fact]
    public async Task A_primary_in_use_keeps_its_replicas()
    {
        using var scenario = await StartAsync(24);
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        await UseAsync(scenario, "us-east-1", "alias/acme/ebs");
        var tagged = await scenario.CallsAsync("TagResource");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "Deleting");
        scenario.AssertReady("KeyReplica", "multi-eu-west-1");
        Assert.Equal(tagged, await scenario.CallsAsync("TagResource"));
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
    }

    [Theory]
    [InlineData("Retain", "a key that is kept is not asked for its last use")]
    [InlineData("Disable", "a key that is disabled can be enabled again")]
    public async Task A_primary_in_use_that_is_not_to_be_deleted_is_let_go_with_its_replicas(string policy, string why)
    {
        using var scenario = await StartAsync(24);
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        await UseAsync(scenario, "us-east-1", "alias/acme/ebs");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "multi")) is null, why);
        Assert.DoesNotContain(await scenario.Aws.KeysAsync(), key => (string?)key["keyState"] == "PendingDeletion");
    }

    [Fact]
    public async Task A_key_in_use_is_retained_when_its_namespace_is_deleted()
    {
        using var scenario = await StartAsync(24);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await UseAsync(scenario);

        scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        scenario.Operator.Server.FinalizeNamespaces();
        await scenario.RestAsync();

        Assert.True(scenario.Operator.Server.FinalizeNamespaces());
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]!["servicekey.dev/released"]);
    }

    private static Task<Scenario> StartAsync(int guardHours) =>
        Scenario.StartAsync(new OperatorTestOptions { DeletionGuard = TimeSpan.FromHours(guardHours) }, "deletionPolicy: Delete");

    private static Task<EncryptResponse> UseAsync(Scenario scenario, string region = "us-east-1", string alias = "alias/acme/s3") =>
        scenario.Aws.Kms(region).EncryptAsync(new EncryptRequest { KeyId = alias, Plaintext = new MemoryStream([1]) }, Ct);
}
