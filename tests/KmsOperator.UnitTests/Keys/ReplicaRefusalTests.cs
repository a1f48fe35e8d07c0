using System.Net;
using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Replicas that cannot be made or changed, and what their primaries say of them.</summary>
public sealed class ReplicaRefusalTests
{
    private const string Multi = "multiRegion: true";
    private const string OfMulti = "primaryRef: {name: multi}";
    private const string There = "region: eu-west-1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], string[], string, string> Refusals => new()
    {
        { ["service: ebs"], [OfMulti, There], "NotMultiRegion", "the primary has one Region only" },
        { ["service: ebs", Multi], [OfMulti, "region: us-east-1"], "InvalidSpec", "the Region is the primary's own" },
        { ["service: ebs", Multi, "className: missing"], [OfMulti, There], "ClassNotFound", "the primary's class does not exist" },
        { ["service: ebs", Multi, "enabled: false"], [OfMulti, There], "PrimaryNotReady", "a disabled key cannot be replicated" },
        { ["service: ebs", Multi, "suspend: true"], [OfMulti, There], "Suspended", "a suspended primary suspends its replicas" },
        { ["service: ebs", Multi, "managementPolicy: Observe"], [OfMulti, There], "PrimaryNotReady", "a primary that only observes has no key" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_replica_of_an_unfit_primary_says_why_and_makes_nothing(string[] primary, string[] replica, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("multi", primary) + Scenario.Replica("copy", replica));
        await scenario.RestAsync();

        var ready = scenario.Condition("KeyReplica", "copy", "Ready");
        Assert.True(ready is { Status: not "True" } && ready.Value.Reason == reason, $"{why}: {ready}");
        Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));
    }

    [Fact]
    public async Task A_replica_that_was_not_made_before_its_primary_was_destroyed_says_that_the_primary_is_not_there()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("ReplicateKey");
        await scenario.ApplyAsync(Scenario.Key("multi", Multi, "replicaRegions: [eu-west-1]"));
        var keyId = scenario.Status("ServiceKey", "multi", "keyId")!;
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = 7 }, Ct);
        await scenario.Aws.PostAsync("/_sim/clock", """{"advanceSeconds": 700000}""");

        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "KeyNotFound");
        var ready = scenario.Condition("KeyReplica", "multi-eu-west-1", "Ready");
        Assert.True(ready is { Status: "False", Reason: "PrimaryNotReady" } && ready.Value.Message.Contains($"KMS does not show key {keyId} of ServiceKey multi in us-east-1.", StringComparison.Ordinal), $"{ready}");
    }

    [Fact]
    public async Task A_KeyReplica_of_that_name_that_is_somebody_elses_is_left_alone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Replica("multi-eu-west-1", "primaryRef: {name: other}", There));

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "ReplicaConflict");
        Assert.Equal("other", (string?)scenario.User.Get("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1"))["spec"]!["primaryRef"]!["name"]);
    }

    [Fact]
    public async Task A_replica_that_the_API_server_refuses_is_told_in_the_primary()
    {
        using var scenario = await Scenario.StartAsync();
        scenario.Operator.Connection.Before = (request, _) => request is { Verb: "create", Plural: "keyreplicas" }
            ? throw new KubernetesApiException(HttpStatusCode.Forbidden, "Forbidden", "exceeded quota: replicas")
            : Task.CompletedTask;

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        scenario.AssertStalled("ServiceKey", "multi", "ReplicaConflict");
        Assert.Contains("exceeded quota", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);

        scenario.Operator.Connection.Before = null;
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "multi");
        scenario.AssertReady("KeyReplica", "multi-eu-west-1");
    }

    [Fact]
    public async Task A_multi_Region_key_of_somebody_elses_in_the_Region_is_left_alone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "multi", "keyId");
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = keyId, ReplicaRegion = "eu-west-1", Description = "by hand" }, Ct);
        await scenario.Operator.SettleAsync();

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();
        scenario.AssertStalled("KeyReplica", "copy", "ReplicaConflict");
        Assert.Contains("by hand", (await scenario.Aws.KeysAsync()).Select(key => (string)key["description"]!));
    }

    [Fact]
    public async Task A_replica_whose_call_got_no_answer_is_found_by_its_tags()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ReplicateKey", "kind": "dropAfter"}""");

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();

        scenario.AssertReady("KeyReplica", "copy");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    public static TheoryData<string, string> ProtectedReplicas => new()
    {
        { "kms.servicekey.dev/deletion-protection", "the replica itself is protected" },
        { "primary", "the ServiceKey's protection covers the replicas that it made" },
    };

    [Theory]
    [MemberData(nameof(ProtectedReplicas))]
    public async Task A_protected_replica_stays_when_its_Region_leaves_the_list(string annotation, string why)
    {
        const string Protection = "kms.servicekey.dev/deletion-protection";
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        var (kind, name) = annotation == "primary" ? ("ServiceKey", "multi") : ("KeyReplica", "multi-eu-west-1");
        await scenario.AnnotateAsync(kind, name, Protection, "true");

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: []"));
        await scenario.RestAsync();
        Assert.True((await scenario.Aws.KeysAsync()).All(key => (string?)key["keyState"] == "Enabled"), why);

        await scenario.AnnotateAsync(kind, name, Protection, null);
        await scenario.RestAsync();
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeysAsync()).Single(key => (string?)key["region"] == "eu-west-1")["keyState"]);
    }

    [Fact]
    public async Task Reconcile_at_on_the_primary_reaches_its_replicas()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "multi", "keyId");
        await scenario.Aws.Kms("eu-west-1").UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "changed" }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "multi", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        Assert.DoesNotContain("changed", (await scenario.Aws.KeysAsync()).Select(key => (string)key["description"]!));
    }

    [Theory]
    [InlineData("retain", "Enabled", "KeyReplicas that people made stay with their keys")]
    [InlineData("delete", "Enabled", "a primary with a replica that somebody else manages is not scheduled for deletion")]
    public async Task A_primary_with_a_replica_that_people_made_waits_for_it(string policy, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, policy == "delete" ? "deletionPolicy: Delete" : "deletionPolicy: Retain") + Scenario.Replica("copy", OfMulti, There, "deletionPolicy: Retain"));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.True((await scenario.Aws.KeysAsync()).All(key => (string?)key["keyState"] == state), why);
        if (policy == "delete")
            scenario.AssertStalled("ServiceKey", "multi", "ReplicasRemain");
    }

    [Theory]
    [InlineData("primaryRef: {name: other}", "InvalidSpec", "the replica is of another key")]
    [InlineData("primaryRef: {name: none}", "PrimaryNotReady", "there is no such ServiceKey")]
    public async Task A_replica_does_not_change_over_to_another_primary(string reference, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi) + Scenario.Key("other", "service: ebs", Multi) + Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        // Servers without CEL take the change.
        if (!TryApply(scenario, Scenario.Replica("copy", reference, There)))
            return;
        await scenario.RestAsync();
        var ready = scenario.Condition("KeyReplica", "copy", "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason, $"{why}: {ready}");
    }

    [Fact]
    public async Task Replicas_that_are_deleted_with_their_class_gone_go_by_what_their_status_keeps()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi) + Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();
        scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "standard"));
        await scenario.Operator.SettleAsync();

        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Fact]
    public async Task Reconcile_at_that_the_API_server_does_not_take_for_a_replica_is_told_and_passed_on_later()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        scenario.Operator.Connection.Before = (request, _) => request is { Verb: "patch", Plural: "keyreplicas", Subresource: null }
            ? throw new KubernetesApiException(HttpStatusCode.Forbidden, "Forbidden", "denied by a webhook")
            : Task.CompletedTask;

        await scenario.AnnotateAsync("ServiceKey", "multi", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Contains("denied by a webhook", scenario.Condition("ServiceKey", "multi", "Ready")!.Value.Message, StringComparison.Ordinal);

        scenario.Operator.Connection.Before = null;
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "multi");
        Assert.Equal("now", scenario.Status("KeyReplica", "multi-eu-west-1", "lastHandledReconcileAt"));
    }

    [Fact]
    public async Task A_primary_whose_key_another_resource_has_taken_over_is_not_replicated()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi));
        await scenario.RestAsync();
        Tag[] tags = [new() { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/elsewhere/other" }, new() { TagKey = "servicekey.dev/uid", TagValue = "other" }];
        await scenario.Aws.Kms().TagResourceAsync(new TagResourceRequest { KeyId = scenario.Status("ServiceKey", "multi", "keyId"), Tags = [.. tags] }, Ct);

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();

        Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));
        Assert.Equal("False", scenario.Condition("KeyReplica", "copy", "Ready")?.Status);
    }

    [Fact]
    public async Task A_replica_that_exists_and_cannot_be_read_waits_until_it_can()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi));
        await scenario.RestAsync();
        await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = scenario.Status("ServiceKey", "multi", "keyId"), ReplicaRegion = "eu-west-1" }, Ct);
        await scenario.Operator.SettleAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DescribeKey", "kind": "accessDenied", "region": "eu-west-1", "count": 100000}""");

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There));
        Assert.Equal("False", scenario.Condition("KeyReplica", "copy", "Ready")?.Status);
        Assert.NotEqual("ReplicaConflict", scenario.Condition("KeyReplica", "copy", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertStalled("KeyReplica", "copy", "ReplicaConflict");
    }

    [Fact]
    public async Task A_primary_says_which_of_its_replicas_waits_for_a_person()
    {
        using var scenario = await Scenario.StartAsync();
        var other = (await scenario.Aws.Kms("eu-west-1").CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms("eu-west-1").CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/ebs", TargetKeyId = other }, Ct);

        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();

        scenario.AssertStalled("KeyReplica", "multi-eu-west-1", "AliasConflict");
        var ready = scenario.Condition("ServiceKey", "multi", "Ready")!.Value;
        Assert.Equal("False", ready.Status);
        Assert.Contains("multi-eu-west-1", ready.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ServiceKey_that_is_to_be_deleted_while_its_key_cannot_be_read_keeps_its_replicas()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DescribeKey", "kind": "accessDenied", "region": "us-east-1", "count": 100000}""");

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "multi", "Ready")?.Reason);
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.Operator.Server.CollectGarbage();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.DoesNotContain("Enabled", (await scenario.Aws.KeysAsync()).Select(key => (string?)key["keyState"]));
    }

    [Fact]
    public async Task A_replica_waits_while_its_primary_is_refused()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi) + Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Class().Replace("us-east-1", "eu-central-1", StringComparison.Ordinal));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "multi", "InvalidSpec");
        var ready = scenario.Condition("KeyReplica", "copy", "Ready");
        Assert.True(ready is { Status: "False", Reason: "PrimaryNotReady" }, $"{ready}");
        Assert.Contains("ServiceKey multi is refused: ", ready.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_replica_is_made_while_nobody_knows_who_has_its_alias()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ListAliases", "kind": "accessDenied", "region": "eu-west-1", "count": 100000}""");

        await scenario.ApplyAsync(Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();
        scenario.AssertStalled("KeyReplica", "copy", "AccessDenied");
        Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("KeyReplica", "copy");
    }

    [Theory]
    [InlineData(true, "PendingDeletion", "the primary is there, and so is what the replica inherits from it")]
    [InlineData(false, "Enabled", "nobody knows any more whether the key was to be deleted")]
    public async Task A_replica_whose_status_was_erased_takes_care_of_its_key_before_it_goes(bool hasPrimary, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "deletionPolicy: Delete") + Scenario.Replica("copy", OfMulti, There));
        await scenario.RestAsync();
        scenario.Operator.Kill();
        scenario.EraseStatus("KeyReplica", "copy");
        scenario.User.Delete("KeyReplica", Scenario.Id("KeyReplica", "copy"));
        if (!hasPrimary)
        {
            // By force, as somebody who cleans up by hand does.
            scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), """{"metadata": {"finalizers": null}}""");
            scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "multi"));
        }

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "copy")));
        var replica = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["region"] == "eu-west-1");
        Assert.True((string?)replica["keyState"] == state, why);
        Assert.Equal(hasPrimary ? "servicekey.dev/deleted-by" : "servicekey.dev/released", replica["tags"]!.AsObject().Select(tag => tag.Key).Single(tag => tag is "servicekey.dev/deleted-by" or "servicekey.dev/released"));
    }

    [Fact]
    public async Task A_primary_whose_deletion_somebody_scheduled_deletes_its_replicas_too()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", Multi, "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(
            new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "multi", "keyId"), PendingWindowInDays = 7 }, Ct);

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();
        scenario.Operator.Server.CollectGarbage();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "multi")));
        Assert.DoesNotContain("Enabled", (await scenario.Aws.KeysAsync()).Select(key => (string?)key["keyState"]));
    }

    private static bool TryApply(Scenario scenario, string manifest)
    {
        try
        {
            scenario.User.Apply(manifest, Scenario.Namespace);
            return true;
        }
        catch (KubernetesApiException e) when (e.IsInvalid)
        {
            return false;
        }
    }
}
