using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
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
}
