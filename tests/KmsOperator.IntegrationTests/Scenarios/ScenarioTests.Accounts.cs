using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// A key stays in its account, and what a class or a primary said of its deletion outlives them.
public sealed partial class ScenarioTests
{
    private const string Home = "111111111111";
    private const string Elsewhere = "222222222222";

    [Fact]
    public async Task A_class_that_leads_to_another_account_loses_no_deletion()
    {
        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Home}:role/kms\"}}", "deletionPolicy: Delete");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");

        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Elsewhere}:role/kms\"}}", "deletionPolicy: Delete");
        Assert.Contains("keys do not move", await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled"), StringComparison.Ordinal);
        await StartDeletingAsync("sk/one");
        var message = await ConditionAsync("sk/one", "False", "AccountMismatch", "Stalled");
        Assert.Contains(Home, message, StringComparison.Ordinal);
        Assert.Contains(Elsewhere, message, StringComparison.Ordinal);

        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Home}:role/kms\"}}", "deletionPolicy: Delete");
        await GoneAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task A_class_that_is_gone_takes_its_deletion_policy_not_along()
    {
        await ApplyClassAsync("deletionPolicy: Delete", "pendingDeletionWindowDays: 9");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");
        await DeleteAsync($"keyclass/{_namespace}");
        await StartDeletingAsync("sk/one");
        Assert.Contains("Put the class back", await ConditionAsync("sk/one", "False", "ClassNotFound", "Stalled"), StringComparison.Ordinal);

        await ApplyClassAsync("deletionPolicy: Delete");
        await GoneAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task A_replica_keeps_the_Retain_that_it_inherited_when_its_primary_is_gone()
    {
        await ApplyClassAsync("deletionPolicy: Delete");
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true", "deletionPolicy: Retain") + "\n---\n" + Replica("copy", "eu-west-1"));
        await ReadyAsync("kr/copy");
        await DeleteAsync("sk/one");
        await DeleteAsync("kr/copy");
        Assert.All(await operators.KeysOfAsync(_namespace), key => Assert.Equal("Enabled", State(key)));
    }

    // what is asked of a ServiceKey, why its replica must not get it
    public static TheoryData<string, string, string> Refusals => new()
    {
        { "access: {users: [Intruder]}", "PermissionDenied", "the class denies it to all that inherit it" },
        { "policy: {override: {Version: \"2012-10-17\", Statement: [{Sid: Intruder, Effect: Allow, Principal: {AWS: \"*\"}, Action: \"kms:*\", Resource: \"*\"}]}}", "PermissionDenied", "the class denies overrides" },
        { "suspend: true\n  access: {users: [Intruder]}", "Suspended", "nobody has taken up what a suspended resource says" },
        { "access: {users: [\"x:Intruder\"]}", "InvalidSpec", "a spec that is refused is refused for all" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_a_ServiceKey_is_refused_its_replica_does_not_get(string asked, string reason, string why)
    {
        string[] lines = ["service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]"];
        await ApplyClassAsync(reason == "PermissionDenied" ? "permissions: {policyOverride: Deny, additionalAccess: Deny}" : "rotation: {enabled: true}");
        await Cluster.ApplyTextAsync(Key("one", lines));
        await ReadyAsync("sk/one");
        var applied = await Cluster.KubectlAsync(["apply", "--validate=false", "-f", "-"], Key("one", [.. lines, asked]));
        if (applied.ExitCode != 0)
        {
            Assert.Equal("InvalidSpec", reason);
            Assert.Contains("spec.access.users", applied.Error, StringComparison.Ordinal);
            return;
        }

        var (ready, other) = reason == "Suspended" ? ("Unknown", (string?)null) : ("False", "Stalled");
        await ConditionAsync("sk/one", ready, reason, other);
        if (reason == "Suspended")
        {
            await ConditionAsync("kr/one-eu-west-1", "Unknown", "Suspended", null);
        }
        else
        {
            Assert.Contains("refused", await ConditionAsync("kr/one-eu-west-1", "False", "PrimaryNotReady", "Reconciling"), StringComparison.Ordinal);
        }

        Assert.All(await operators.KeysOfAsync(_namespace), key => Assert.False(key["policy"]!.GetValue<string>().Contains("Intruder", StringComparison.Ordinal), why));
    }

    [Fact]
    public async Task What_needs_a_person_on_a_replica_is_Stalled_on_its_ServiceKey_too()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        await kms.ReplicateKeyAsync(
            new Amazon.KeyManagementService.Model.ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, TestContext.Current.CancellationToken);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]"));
        await ConditionAsync("kr/one-eu-west-1", "False", "ReplicaConflict", "Stalled");
        Assert.Contains("one-eu-west-1", await ConditionAsync("sk/one", "False", "ReplicaConflict", "Stalled"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_was_adopted_and_retained_is_found_again_without_its_id()
    {
        var token = TestContext.Current.CancellationToken;
        using var kms = operators.Kms();
        var existing = (await kms.CreateKeyAsync(new Amazon.KeyManagementService.Model.CreateKeyRequest { Description = "old" }, token)).KeyMetadata.KeyId;
        await ApplyClassAsync("permissions: {adoption: Allow}");

        // A scan has seen the key without an owner.
        await Cluster.ApplyTextAsync(Key("other", "service: sns"));
        await ReadyAsync("sk/other");
        await Cluster.ApplyTextAsync(Key("one", "service: s3", $"adopt: {{keyId: {existing}}}"));
        Assert.Equal(existing, await ReadyAsync("sk/one"));
        await DeleteAsync("sk/one");
        await kms.DeleteAliasAsync(new Amazon.KeyManagementService.Model.DeleteAliasRequest { AliasName = $"alias/{_namespace}/s3" }, token);
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        Assert.Equal(existing, await ReadyAsync("sk/one"));
    }

    private string Replica(string name, string region) =>
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyReplica
        metadata: {name: {{name}}, namespace: {{_namespace}}}
        spec: {primaryRef: {name: one}, region: {{region}}}
        """;

    private Task GoneAsync(string resource) => Eventually.TrueAsync(
        async () => await FindAsync(resource) is null, () => $"{resource} does not go.\n{operators.Log}", TimeSpan.FromSeconds(90));
}
