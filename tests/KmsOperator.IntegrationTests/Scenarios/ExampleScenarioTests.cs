using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>The examples as they are in the repository, against the real API server.</summary>
[Collection("operator")]
public sealed partial class ExampleScenarioTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private static readonly string Examples = Path.Combine(Repository.Root, "examples");

    private static readonly string[] Scenarios = [.. Directory.EnumerateDirectories(Examples, "scenario-*").Order(StringComparer.Ordinal)];

    private Cluster Cluster => controlPlane.Cluster;

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);

        // Every key that the examples make is let go at the end; what an earlier test left would be found again.
        await operators.AdminAsync("/_sim/roles", new JsonObject { ["arn"] = "arn:aws:iam::210987654321:role/kms-operator", ["externalId"] = "platform-cluster" });
        foreach (var scenario in Scenarios)
        {
            await Cluster.ApplyAsync(scenario);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "kr,sk", "--all", "-n", "default", "--wait=false");
        await Cluster.KubectlAsync("annotate", "sk", "--all", "-n", "default", "kms.servicekey.dev/deletion-protection-");
        await Cluster.KubectlAsync("patch", "sk", "left-alone", "-n", "default", "--type", "merge", "-p", "{\"spec\":{\"suspend\":false}}");
        await Cluster.KubectlAsync("wait", "--for=delete", "kr,sk", "--all", "-n", "default", "--timeout=120s");
        await Cluster.KubectlAsync("delete", "kc", "--ignore-not-found", "standard", "per-namespace", "payments-only", "production-account", "fallback");
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_three_scenarios_become_Ready_for_kubectl_and_Current_for_kstatus()
    {
        var owned = (string[])["orders-ap-southeast-2", "orders-eu-west-1", "orders-us-east-1"];
        await Eventually.TrueAsync(async () => owned.All((await ListAsync()).Select(NameOf).Contains), () => operators.Log);
        (await Cluster.KubectlAsync("wait", "--for=condition=Ready", "--timeout=120s", "keyclass/standard")).EnsureSuccess();
        (await Cluster.KubectlAsync("wait", "--for=condition=Ready", "--timeout=120s", "sk,kr", "--all", "-n", "default")).EnsureSuccess();

        var resources = await ListAsync();
        Assert.Equal(25, resources.Length);
        Assert.All(resources, resource => Assert.True(Kstatus.Of(resource) == "Current", resource.ToJsonString()));
    }

    [Fact]
    public async Task Every_feature_becomes_what_its_file_says()
    {
        var problems = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Examples, "features"), "*.yaml").Order(StringComparer.Ordinal))
        {
            await Cluster.ApplyAsync(file);
            var announced = Becomes().Match(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)) is { Success: true } becomes ? becomes.Groups[1].Value : null;
            var last = "";
            try
            {
                await Eventually.TrueAsync(async () => Holds(last = (await Cluster.KubectlAsync("get", "-f", file, "-o", "json")).EnsureSuccess(), announced), () => last, TimeSpan.FromSeconds(30));
            }
            catch (TimeoutException)
            {
                problems.Add($"{Path.GetFileName(file)} is not {announced ?? "Ready"}: {last}");
            }
        }

        Assert.Empty(problems);
    }

    // Ready and Current, or the announced reason on the last object of the file.
    private static bool Holds(string json, string? reason)
    {
        var node = JsonNode.Parse(json)!;
        JsonNode[] resources = node["items"] is JsonArray list ? [.. list.Select(item => item!)] : [node];
        return resources.All(resource => (resource == resources[^1] && reason is not null
            ? ReasonOf(resource) == reason
            : Kstatus.Of(resource) == "Current") && resource["status"]?["observedGeneration"]?.GetValue<long>() == resource["metadata"]!["generation"]!.GetValue<long>());
    }

    private static string? ReasonOf(JsonNode resource) =>
        resource["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == "Ready")?["reason"]!.GetValue<string>();

    private static string NameOf(JsonNode resource) => resource["metadata"]!["name"]!.GetValue<string>();

    private async Task<JsonNode[]> ListAsync()
    {
        var list = JsonNode.Parse((await Cluster.KubectlAsync("get", "sk,kr", "-n", "default", "-o", "json")).EnsureSuccess())!["items"]!.AsArray();
        return [JsonNode.Parse((await Cluster.KubectlAsync("get", "kc", "standard", "-o", "json")).EnsureSuccess())!, .. list.Select(item => item!)];
    }

    [GeneratedRegex("^# Becomes ([A-Za-z]+)[ ,.:]", RegexOptions.Multiline)]
    private static partial Regex Becomes();
}
