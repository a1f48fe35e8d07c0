using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// What holds for a ServiceKey holds for the replicas that it made.
public sealed partial class ScenarioTests
{
    private string WithReplica(params string[] lines) => Key("one", ["service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", .. lines]);

    [Fact]
    public async Task Protection_of_a_ServiceKey_covers_the_replicas_that_it_made()
    {
        await Cluster.ApplyTextAsync(WithReplica("deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await AnnotateAsync("sk/one", "kms.servicekey.dev/deletion-protection=true");

        await PatchAsync("sk/one", """{"spec":{"replicaRegions":[]}}""");
        Assert.Contains("spec.replicaRegions: eu-west-1", await ConditionAsync("sk/one", "False", "Deleting", "Stalled"), StringComparison.Ordinal);
        Assert.Empty(await FieldAsync("kr/one-eu-west-1", ".metadata.deletionTimestamp"));
        await PatchAsync("sk/one", """{"spec":{"replicaRegions":["eu-west-1"]}}""");
        await ReadyAsync("sk/one");

        await StartDeletingAsync("sk/one");
        Assert.Contains("is protected", await ConditionAsync("sk/one", "False", "Deleting", "Stalled"), StringComparison.Ordinal);
        Assert.Empty(await FieldAsync("kr/one-eu-west-1", ".metadata.deletionTimestamp"));
        await StartDeletingAsync("kr/one-eu-west-1");
        Assert.Contains("of ServiceKey one", await ConditionAsync("kr/one-eu-west-1", "False", "Deleting", "Stalled"), StringComparison.Ordinal);
        Assert.All(await operators.KeysOfAsync(_namespace), key => Assert.Equal("Enabled", State(key)));

        await AnnotateAsync("sk/one", "kms.servicekey.dev/deletion-protection-");
        await DeleteAsync("sk/one");
        Assert.Equal(["PendingDeletion", "PendingReplicaDeletion"], (await operators.KeysOfAsync(_namespace)).Select(State).Order());
    }

    [Fact]
    public async Task A_class_that_moves_is_refused_for_the_replicas_as_for_their_primary()
    {
        await Cluster.ApplyTextAsync(WithReplica());
        await ReadyAsync("sk/one");
        var before = string.Join('\n', (await operators.KeysOfAsync(_namespace)).Select(key => key.ToJsonString()));
        await PatchAsync($"keyclass/{_namespace}", """{"spec":{"region":"eu-central-1"}}""");
        await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled");
        Assert.Contains("keys do not move", await ConditionAsync("kr/one-eu-west-1", "False", "PrimaryNotReady", "Reconciling"), StringComparison.Ordinal);
        Assert.Equal(before, string.Join('\n', (await operators.KeysOfAsync(_namespace)).Select(key => key.ToJsonString())));

        await ApplyClassAsync();
        await ReadyAsync("sk/one");
    }

    [Fact]
    public async Task A_replica_stays_with_its_primary()
    {
        var token = TestContext.Current.CancellationToken;
        using var kms = operators.Kms();
        var primaries = new List<string>();
        await ApplyClassAsync("permissions: {adoption: Allow}");
        foreach (var alias in (string[])["a", "b"])
        {
            var key = (await kms.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, token)).KeyMetadata;
            await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = $"alias/{_namespace}/{alias}", TargetKeyId = key.KeyId }, token);
            primaries.Add(key.Arn);
        }

        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{_namespace}}}
            spec: {className: {{_namespace}}, primaryKeyArn: "{{primaries[0]}}", region: eu-west-1}
            """);
        await ReadyAsync("kr/copy");
        var changed = await Cluster.KubectlAsync("patch", "kr/copy", "-n", _namespace, "--type=merge", "-p", $$"""{"spec": {"primaryKeyArn": "{{primaries[1]}}"} }""");
        Assert.Contains("primaryKeyArn", changed.ExitCode == 0 ? await ConditionAsync("kr/copy", "False", "InvalidSpec", "Stalled") : changed.Error, StringComparison.Ordinal);
        var replica = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal($"alias/{_namespace}/a", Assert.Single(replica["aliases"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task A_second_KeyReplica_of_a_Region_does_not_hide_the_first()
    {
        await Cluster.ApplyTextAsync(WithReplica("publish: {configMapName: one}"));
        await ReadyAsync("sk/one");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: a, namespace: {{_namespace}}}
            spec: {primaryRef: {name: one}, region: eu-west-1, alias: alias/{{_namespace}}/a}
            """);
        await ConditionAsync("kr/a", "False", "ReplicaConflict", "Stalled");
        await LookAsync("one");
        await ReadyAsync("sk/one");
        Assert.Equal("one-eu-west-1", await FieldAsync("sk/one", ".status.replicas[*].name"));
        Assert.StartsWith("arn:aws:kms:eu-west-1:", await FieldAsync("cm/one", ".data.replicaArn_eu_west_1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task To_look_at_a_ServiceKey_is_to_look_at_its_replicas_as_well()
    {
        await Cluster.ApplyTextAsync(WithReplica());
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms("eu-west-1");
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id }, TestContext.Current.CancellationToken);
        await LookAsync("one");
        await Eventually.TrueAsync(
            async () => (await operators.KeysOfAsync(_namespace)).All(key => State(key) == "Enabled"), () => operators.Log, TimeSpan.FromSeconds(30));
        await ReadyAsync("sk/one");
    }

    [Fact]
    public async Task A_replica_that_AWS_refuses_at_first_is_tried_again_and_nobody_is_called()
    {
        await operators.AdminAsync("/_sim/faults", new JsonObject { ["operation"] = "ReplicateKey", ["kind"] = "accessDenied", ["account"] = "123456789012" });
        await Cluster.ApplyTextAsync(WithReplica());
        await ReadyAsync("sk/one");
        Assert.DoesNotContain(await EventsAsync("one"), found => found.Type == "Warning");
        Assert.DoesNotContain(await EventsAsync("one-eu-west-1"), found => found.Type == "Warning");
    }

    private Task PatchAsync(string resource, string patch) => Cluster.Client.PatchAsync(resource, _namespace, patch);
}
