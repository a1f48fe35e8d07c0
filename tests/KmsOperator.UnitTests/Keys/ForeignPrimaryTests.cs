using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>KeyReplicas of a primary that is managed elsewhere, named by its ARN.</summary>
public sealed class ForeignPrimaryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Primaries => new()
    {
        { "single", "NotMultiRegion", "a key of one Region has no replicas" },
        { "missing", "PrimaryNotReady", "KMS may not show a new key yet" },
        { "disabled", "PrimaryNotReady", "a disabled key cannot be replicated" },
        { "denied", "AccessDenied", "the operator may not read the primary" },
    };

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task A_primary_that_cannot_be_replicated_is_told(string primary, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = primary != "single" }, Ct)).KeyMetadata;
        if (primary == "disabled")
            await scenario.Aws.Kms().DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyId }, Ct);
        if (primary == "denied")
            await scenario.BreakAsync("DescribeKey");
        var arn = primary == "missing" ? key.Arn[..^4] + "0000" : key.Arn;

        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"));
        await scenario.RestAsync();

        var ready = scenario.Condition("KeyReplica", "copy", "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason, $"{why}: {ready}");
        Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));
    }

    [Fact]
    public async Task A_replica_whose_class_comes_later_waits_for_it()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{key.Arn}\"", "className: later", "region: eu-west-1", "alias: alias/copy"));
        scenario.AssertStalled("KeyReplica", "copy", "ClassNotFound");

        await scenario.ApplyAsync(Scenario.Class("permissions: {adoption: Allow}").Replace("name: standard", "name: later", StringComparison.Ordinal));
        await scenario.RestAsync();

        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Theory]
    [InlineData("Delete", "PendingDeletion")]
    [InlineData("Retain", "Enabled")]
    public async Task Deleting_the_replica_leaves_its_primary_alone(string policy, string state)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{key.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        await scenario.DeleteAsync("KeyReplica", "copy");
        await scenario.RestAsync();

        var states = (await scenario.Aws.KeysAsync()).ToDictionary(found => (string)found["region"]!, found => (string)found["keyState"]!);
        Assert.Equal(state, states["eu-west-1"]);
        Assert.Equal("Enabled", states["us-east-1"]);
    }

    [Fact]
    public async Task A_key_is_not_replicated_in_another_namespace_while_KMS_does_not_show_the_owner_tags_that_were_put_back()
    {
        var options = new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(2) } };
        using var scenario = await Scenario.StartAsync(options, "permissions: {adoption: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "multiRegion: true", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        var (keyId, arn) = (scenario.Status("ServiceKey", "one", "keyId"), scenario.Status("ServiceKey", "one", "arn"));
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = [TagNames.Owner, TagNames.Cluster, TagNames.Uid] }, Ct);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(3));

        // The mark of the key that is left has the owner tags as well. The class permits to replicate keys without them.
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        scenario.User.Apply(Scenario.Replica("copy", $"primaryKeyArn: \"{arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"), "other");
        await scenario.RestAsync();

        Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));
    }

    [Theory]
    [InlineData(false, 0, "the operator remembers whose key it is")]
    [InlineData(true, 1, "after a start nothing says whose key it is, and the class permits to replicate such keys")]
    public async Task A_key_whose_owner_tags_and_status_are_gone_is_not_replicated_in_another_namespace_while_the_operator_remembers_it(bool restarts, int replicas, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "multiRegion: true"));
        await scenario.RestAsync();
        var (keyId, arn) = (scenario.Status("ServiceKey", "one", "keyId"), scenario.Status("ServiceKey", "one", "arn"));
        await scenario.ApplyAsync(Scenario.Key("one", "multiRegion: true", "suspend: true"));
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = [TagNames.Owner, TagNames.Cluster, TagNames.Uid] }, Ct);
        scenario.EraseStatus("ServiceKey", "one");
        if (restarts)
            scenario.Operator.CrashAndRestart();
        await scenario.RestAsync();

        scenario.User.Apply(Scenario.Replica("copy", $"primaryKeyArn: \"{arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"), "other");
        await scenario.RestAsync();

        Assert.True(await scenario.CallsAsync("ReplicateKey") == replicas, why);
    }

    [Fact]
    public async Task An_unchanged_replica_asks_AWS_nothing_about_its_primary()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{key.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"));
        await scenario.RestAsync();
        var before = await scenario.Aws.CallsAsync();

        scenario.Operator.CrashAndRestart();
        await scenario.AnnotateAsync("KeyReplica", "copy", "example.com/note", "anything");

        var after = await scenario.Aws.CallsAsync();
        Assert.Equal(before.Values.Sum() - before["GetCallerIdentity"], after.Values.Sum() - after["GetCallerIdentity"]);
    }

    [Theory]
    [InlineData("alias/theirs", "alias/theirs", "one name leads to the key in every Region")]
    [InlineData(null, null, "where the primary has none, a person has to choose one")]
    public async Task A_replica_that_names_no_alias_gets_its_primary_s(string? primaryAlias, string? alias, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        if (primaryAlias is not null)
            await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = primaryAlias, TargetKeyId = key.KeyId }, Ct);

        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{key.Arn}\"", "className: standard", "region: eu-west-1"));
        await scenario.RestAsync();

        if (alias is null)
        {
            scenario.AssertStalled("KeyReplica", "copy", "InvalidSpec");
            Assert.StartsWith("spec.alias: ", scenario.Condition("KeyReplica", "copy", "Ready")!.Value.Message, StringComparison.Ordinal);
            Assert.Equal(0, await scenario.CallsAsync("ReplicateKey"));
            return;
        }

        scenario.AssertReady("KeyReplica", "copy");
        Assert.True(scenario.Status("KeyReplica", "copy", "aliasName") == alias, why);
    }

    [Theory]
    [InlineData("arn:aws:kms:us-east-1:999999999999:key/mrk-00000000000000000000000000000000", "eu-west-1", "the class's credentials are of another account")]
    [InlineData("arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-00000000000000000000000000000000", "eu-west-1", "KMS replicates within a partition only")]
    public async Task A_primary_that_cannot_be_meant_is_refused_before_AWS_is_asked(string arn, string region, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{arn}\"", "className: standard", $"region: {region}", "alias: alias/copy"));
        await scenario.RestAsync();

        scenario.AssertStalled("KeyReplica", "copy", "InvalidSpec");
        Assert.True(await scenario.CallsAsync("DescribeKey") == 0, why);
    }

    [Theory]
    [InlineData("status", "the status names another key, and the tags tell which one is the replica's")]
    [InlineData("spec", "the spec names another primary, as after a restore from another manifest")]
    public async Task A_replica_does_not_change_over_to_another_key(string change, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var first = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        var second = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        await scenario.ApplyAsync(Scenario.Replica("copy", $"primaryKeyArn: \"{first.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        var id = Scenario.Id("KeyReplica", "copy");
        scenario.Operator.Kill();
        if (change == "spec")
        {
            var status = scenario.User.Get("KeyReplica", id)["status"]!.ToJsonString();
            scenario.User.Patch("KeyReplica", id, """{"metadata": {"finalizers": null}}""");
            scenario.User.Delete("KeyReplica", id);
            scenario.User.Apply(Scenario.Replica("copy", $"primaryKeyArn: \"{second.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy"), Scenario.Namespace);
            scenario.User.Patch("KeyReplica", id, $$"""{"status": {{status}}}""", "status");
        }
        else
        {
            scenario.User.Patch("KeyReplica", id, $$$"""{"status": {"keyId": "{{{second.KeyId}}}", "arn": "{{{second.Arn}}}"}}""", "status");
        }

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.True(scenario.Status("KeyReplica", "copy", "keyId") == first.KeyId, why);
        Assert.Equal(1, await scenario.CallsAsync("ReplicateKey"));
        if (change == "status")
        {
            scenario.AssertReady("KeyReplica", "copy");
            return;
        }

        scenario.AssertStalled("KeyReplica", "copy", "InvalidSpec");
        Assert.Contains("spec.primaryKeyArn: cannot be changed", scenario.Condition("KeyReplica", "copy", "Ready")!.Value.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adopted", "the spec still names the key")]
    [InlineData("attempt", "the operator has made the key, by the tag of its attempt")]
    public async Task A_replica_without_owner_tags_is_known_by_what_remains(string remains, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, Ct)).KeyMetadata;
        var adopt = remains == "adopted" ? $"adopt: {{keyId: {key.KeyId}}}" : "description: copy";
        if (remains == "adopted")
            await scenario.Aws.Kms().ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = key.KeyId, ReplicaRegion = "eu-west-1" }, Ct);
        await scenario.Operator.SettleAsync();
        string[] spec = [$"primaryKeyArn: \"{key.Arn}\"", "className: standard", "region: eu-west-1", "alias: alias/copy", adopt];
        await scenario.ApplyAsync(Scenario.Replica("copy", spec));
        await scenario.RestAsync();
        scenario.AssertReady("KeyReplica", "copy");

        scenario.Operator.Kill();
        await scenario.Aws.Kms("eu-west-1").UntagResourceAsync(
            new UntagResourceRequest { KeyId = key.KeyId, TagKeys = ["servicekey.dev/owner", "servicekey.dev/cluster", "servicekey.dev/uid"] }, Ct);
        scenario.Operator.Start();
        await scenario.AnnotateAsync("KeyReplica", "copy", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("KeyReplica", "copy");
        var replica = (await scenario.Aws.KeysAsync()).Single(found => (string?)found["region"] == "eu-west-1");
        Assert.True((string?)replica["tags"]!["servicekey.dev/owner"] == "KeyReplica/team/copy", why);
    }
}
