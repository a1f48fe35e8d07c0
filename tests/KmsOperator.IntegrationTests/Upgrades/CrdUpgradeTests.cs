using System.Net.Http.Json;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Scenarios;
using KmsOperator.Testing.ApiServer;
using KmsSimulator;
using Xunit;

namespace KmsOperator.IntegrationTests.Upgrades;

/// <summary>A cluster that holds keys under the CRDs as they were before their last change gets the present ones.</summary>
public sealed class CrdUpgradeTests : IAsyncLifetime
{
    /// <summary>A policy document has three members and a statement nine at most, so KMS never took what these bounds refuse.</summary>
    private static readonly string[] NeverOfUse =
    [
        .. from kind in (string[])["servicekeys", "keyreplicas"]
           from field in (string[])["additionalStatements.items", "override"]
           select $"{kind}.spec.policy.{field} has a lower maxProperties",
    ];

    private static readonly string PresentCrds = Path.Combine(Repository.Root, "config", "crds");
    private static readonly string[] Kinds = ["keyclasses", "servicekeys", "keyreplicas"];

    private Cluster? _cluster;
    private SimulatorHost? _simulator;
    private EarlierCrds? _earlier;

    public async ValueTask InitializeAsync()
    {
        _earlier = await EarlierCrds.FindAsync();
        try
        {
            // Its own: CRDs are of the whole cluster.
            _cluster = await LocalCluster.StartAsync();
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") != "1")
        {
            Assert.Skip($"There is no etcd and kube-apiserver: {e.Message}");
        }

        _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { QuotaScale = 0 }, TimeProvider.System, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _earlier?.Dispose();
    }

    [Fact]
    public async Task CRDs_that_go_back_and_forth_lose_no_key_and_an_operator_that_is_newer_than_they_touches_nothing()
    {
        var cluster = _cluster!;
        await InstallAsync(PresentCrds);
        (await cluster.KubectlAsync("apply", "-k", Path.Combine(Repository.Root, "config", "rbac"))).EnsureSuccess();
        var present = await SchemasAsync();
        await cluster.ApplyTextAsync(
            """
            apiVersion: v1
            kind: Namespace
            metadata: {name: live}
            ---
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: live}
            spec: {region: us-east-1, aliasPrefix: live, access: {administrators: [Admin] } }
            """);
        await ApplyKeyAsync("multi", "service: s3, multiRegion: true, replicaRegions: [eu-west-1], publish: {configMapName: multi}");
        await ApplyKeyAsync("plain", "service: sqs, tags: {team: a}, rotation: {periodDays: 90}");
        using (var process = await StartAsync())
        {
            await ReadyAsync(process, "multi", "plain");
        }

        // Back: what the earlier CRDs do not know is dropped from what is stored, as if it had never been.
        await InstallAsync(_earlier!.Folder);
        var earlier = await SchemasAsync();
        (await cluster.KubectlAsync("annotate", "sk,kr", "--all", "-n", "live", "stored-under=earlier")).EnsureSuccess();
        var samples = 0;
        foreach (var sample in _earlier.Accepted)
        {
            // Each has a name of its own, since some fields cannot be changed. An accepted update is two documents, of which the last stays.
            var text = (await File.ReadAllTextAsync(sample, TestContext.Current.CancellationToken)).Replace("name: sample", $"name: sample-{++samples}", StringComparison.Ordinal);
            foreach (var manifest in YamlManifests.Read(text))
            {
                var applied = await cluster.Client.ApplyAsync(manifest, validation: "Ignore");
                Assert.True(applied.IsSuccess, $"{sample}: {applied.Error}");
            }
        }

        Assert.NotEqual(0, samples);
        var stored = await ObjectsAsync();
        var writes = await WritesAsync();

        await ApplyKeyAsync("late", "service: sns");
        using (var process = await StartAsync())
        {
            // The operator needs the fields of a status that it writes. Those of grants and key material it writes only where a spec can have them.
            var knowsAll = !SchemaCompatibility.Narrowed(StatusOf(present["servicekeys"]!), StatusOf(earlier["servicekeys"]!), "status")
                .Any(difference => !((string[])["rants", "GrantNames", "material"]).Any(field => difference.Contains(field, StringComparison.Ordinal)));
            if (!knowsAll)
            {
                await Eventually.TrueAsync(() => process.LastLines.Contains("Install that one", StringComparison.Ordinal), () => process.LastLines);
                Assert.Equal(writes, await WritesAsync());
            }

            // Forth: nothing that was written under the earlier ones is wrong now, and the operator goes on by itself.
            await InstallAsync(PresentCrds);
            Assert.Empty(earlier.SelectMany(kind => SchemaCompatibility.Narrowed(kind.Value!, present[kind.Key]!, kind.Key)).Except(NeverOfUse));
            await ReadyAsync(process, "late");
        }

        using (var process = await StartAsync())
        {
            await ReadyAsync(process, "multi", "plain", "late");
            var withLate = await WritesAsync();
            (await cluster.KubectlAsync("annotate", "sk", "multi", "plain", "-n", "live", "kms.servicekey.dev/reconcile-at=after")).EnsureSuccess();
            await Eventually.TrueAsync(
                async () => new[] { await cluster.Client.FindAsync("sk/multi", "live"), await cluster.Client.FindAsync("sk/plain", "live") }
                    .All(key => key.Field(".status.lastHandledReconcileAt") == "after"),
                () => process.LastLines);
            await ReadyAsync(process, "multi", "plain");

            // Compared in full, and nothing was to be done.
            Assert.Equal(withLate, await WritesAsync());
        }

        AssertHolds(WithoutVolatile(stored), WithoutVolatile(await ObjectsAsync()), "");
    }

    private async Task InstallAsync(string folder)
    {
        // Unchecked: servers before 1.25 do not know CEL rules.
        (await _cluster!.KubectlAsync("apply", "--validate=false", "-k", folder)).EnsureSuccess();
        (await _cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")).EnsureSuccess();
        await Eventually.TrueAsync(
            async () => (await _cluster.KubectlAsync("get", string.Join(',', Kinds), "-A")).ExitCode == 0, () => "The kinds are not served.");
    }

    private async Task<JsonObject> SchemasAsync() => new((await Task.WhenAll(Kinds.Select(async kind => KeyValuePair.Create(
        kind,
        (JsonNode?)JsonNode.Parse((await _cluster!.KubectlAsync("get", "crd", $"{kind}.kms.servicekey.dev", "-o", "json")).EnsureSuccess())!
            ["spec"]!["versions"]!.AsArray().Single(version => version!["name"]!.GetValue<string>() == "v1alpha1")!["schema"]!["openAPIV3Schema"]!.DeepClone())))));

    /// <summary>Spec and status of everything, by kind, namespace and name.</summary>
    private async Task<JsonObject> ObjectsAsync() => new(
        JsonNode.Parse((await _cluster!.KubectlAsync("get", string.Join(',', Kinds), "-A", "-o", "json")).EnsureSuccess())!["items"]!.AsArray().Select(item => KeyValuePair.Create(
            $"{item!["kind"]}/{item["metadata"]!["namespace"]}/{item["metadata"]!["name"]}",
            (JsonNode?)new JsonObject { ["spec"] = item["spec"]?.DeepClone(), ["status"] = item["status"]?.DeepClone() })));

    private async Task<ServerProcess> StartAsync() => OperatorProcess.Start(
        await _cluster!.KubeconfigForServiceAccountAsync("kms-operator-system", "kms-operator"),
        _simulator!.Url,
        "--leader-elect=false", "--health-address", "0", "--metrics-address", "0", "--watch-namespaces", "live", "--consistency-window", "1s", "--cluster-id", "upgrade");

    private Task ApplyKeyAsync(string name, string spec) => _cluster!.ApplyTextAsync(
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: {{name}}, namespace: live}
        spec: {className: live, {{spec}} }
        """);

    private async Task ReadyAsync(ServerProcess process, params string[] keys)
    {
        // Longer than the pause that the operator makes after many failures in a row.
        var waited = await _cluster!.KubectlAsync(
            ["wait", "--for=condition=Ready", .. keys.Select(key => $"servicekey.kms.servicekey.dev/{key}"), "-n", "live", "--timeout=120s"], null);
        Assert.True(waited.ExitCode == 0, $"{waited.Error}\n{process.LastLines}");
    }

    private async Task<int> WritesAsync()
    {
        using var admin = new HttpClient { BaseAddress = new Uri(_simulator!.Url) };
        string[] reads = ["Get", "List", "Describe", "Assume"];
        return (await admin.GetFromJsonAsync<Dictionary<string, int>>("/_sim/calls"))!
            .Where(call => !reads.Any(read => call.Key.StartsWith(read, StringComparison.Ordinal))).Sum(call => call.Value);
    }

    /// <summary>When the operator looked is not what it holds, and the samples have no status before it did.</summary>
    private static JsonObject WithoutVolatile(JsonObject objects)
    {
        foreach (var (name, value) in objects)
        {
            if (!name.Contains("/live/", StringComparison.Ordinal))
            {
                value!.AsObject().Remove("status");
            }
            else if (value!["status"] is JsonObject status)
            {
                status.Remove("lastVerifiedAt");
                status.Remove("lastChangedAt");
                status.Remove("desiredSha256");
                status.Remove("lastHandledReconcileAt");
                status.Remove("conditions");
            }
        }

        return objects;
    }

    /// <summary>All that was there is there; new defaults may have come.</summary>
    private static void AssertHolds(JsonNode? before, JsonNode? after, string path)
    {
        if (before is JsonObject fields && after is JsonObject now)
        {
            foreach (var (name, value) in fields)
            {
                AssertHolds(value, now[name], $"{path}.{name}");
            }

            return;
        }

        Assert.True(JsonNode.DeepEquals(before, after), $"{path} was {before?.ToJsonString()} and is {after?.ToJsonString()}");
    }

    private static JsonNode StatusOf(JsonNode schema) => schema["properties"]!["status"]!;
}
