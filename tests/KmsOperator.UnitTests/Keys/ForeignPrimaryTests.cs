using Amazon.KeyManagementService.Model;
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
}
