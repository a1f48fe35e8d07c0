using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary><c>spec.primaryRegion</c> as users meet it: the exercise of docs/multi-region.md.</summary>
[Collection("operator")]
public sealed class PrimaryMoveTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private const string Home = "us-east-1";
    private const string Away = "eu-west-1";

    private string _namespace = "";

    private Cluster Cluster => controlPlane.Cluster;

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);
        _namespace = await Cluster.CreateNamespaceAsync("primary");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: {{_namespace}}}
            spec: {region: {{Home}}, aliasPrefix: {{_namespace}}, access: {administrators: [Admin]}, deletionPolicy: Delete}
            """);
    }

    public async ValueTask DisposeAsync() => await Cluster.KubectlAsync("delete", "keyclass", _namespace, "--ignore-not-found");

    [Fact]
    public async Task The_primary_moves_and_comes_back_and_the_key_goes_after_its_replicas()
    {
        await ApplyAsync("");
        await PrimaryAsync(Home);
        var before = await UnchangedAsync();

        await ApplyAsync($"primaryRegion: {Away}");
        await PrimaryAsync(Away);
        Assert.Equal(before, await UnchangedAsync());

        await ApplyAsync($"primaryRegion: {Home}");
        await PrimaryAsync(Home);
        Assert.Equal(before, await UnchangedAsync());

        await ApplyAsync($"primaryRegion: {Away}");
        await PrimaryAsync(Away);
        (await Cluster.KubectlAsync("delete", "sk", "one", "-n", _namespace, "--timeout=120s")).EnsureSuccess();
        var states = (await operators.KeysOfAsync(_namespace)).ToDictionary(key => Text(key, "region"), key => Text(key, "keyState"));
        Assert.Equal(("PendingDeletion", "PendingReplicaDeletion"), (states[Home], states[Away]));
    }

    private Task ApplyAsync(string line) => Cluster.ApplyTextAsync(Manifest(line, "multiRegion: true", $"replicaRegions: [{Away}]"));

    private string Manifest(params string[] lines) =>
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: one, namespace: {{_namespace}}}
        spec:
          className: {{_namespace}}
          service: s3
          {{string.Join("\n  ", lines.Where(line => line.Length > 0))}}
        """;

    /// <summary>Waits until both resources are Ready and show the primary in a Region.</summary>
    private async Task PrimaryAsync(string region)
    {
        foreach (var (resource, own) in new[] { ("sk/one", Home), ($"kr/one-{Away}", Away) })
        {
            var last = "";
            await Eventually.TrueAsync(
                async () =>
                {
                    last = (await Cluster.KubectlAsync("get", resource, "-n", _namespace, "-o", "json")).Output;
                    var found = last.Length == 0 ? null : JsonNode.Parse(last);
                    var ready = found?["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == "Ready");
                    return (string?)ready?["status"] == "True" && (long?)ready!["observedGeneration"] == (long?)found!["metadata"]!["generation"]
                        && (string?)found["status"]!["primaryRegion"] == region
                        && (string?)found["status"]!["multiRegionKeyType"] == (own == region ? "PRIMARY" : "REPLICA");
                },
                () => $"{last}\n{operators.Log}",
                TimeSpan.FromMinutes(2));
        }
    }

    /// <summary>What a move leaves as it is.</summary>
    private async Task<string> UnchangedAsync() => string.Join('\n', (await operators.KeysOfAsync(_namespace))
        .OrderBy(key => Text(key, "region"), StringComparer.Ordinal)
        .Select(key => $"{key["arn"]} {key["keyState"]} {key["description"]} {key["aliases"]!.ToJsonString()} {key["tags"]!.ToJsonString()} {key["policy"]}"));

    private static string Text(JsonObject key, string field) => key[field]!.GetValue<string>();
}
