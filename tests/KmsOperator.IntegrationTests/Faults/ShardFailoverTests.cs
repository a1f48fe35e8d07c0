using System.Net.Http.Json;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Scenarios;
using KmsSimulator;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Three processes that share the work, with the leases as they are shipped (15 s), under an account that may use these leases only.</summary>
[Collection("fault stages")]
public sealed class ShardFailoverTests(FaultStages stages) : IAsyncLifetime
{
    private const int Shards = 6;
    private const string OperatorNamespace = "kms-operator-system";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly string[] Regions = ["us-east-1", "eu-west-1", "eu-central-1"];

    private readonly List<ServerProcess> _operators = [];
    private SimulatorHost? _simulator;
    private HttpClient? _admin;
    private string _kubeconfig = "";
    private string _namespace = "";
    private int _keys;

    private Cluster Cluster => stages.Cluster;

    private string[] LeaseNames => [_namespace, $"{_namespace}-members", .. Enumerable.Range(0, Shards).Select(shard => $"{_namespace}-shard-{shard}")];

    public async ValueTask InitializeAsync()
    {
        await stages.StartAsync();
        (await Cluster.KubectlAsync("apply", "-k", Path.Combine(Repository.Root, "config", "rbac"))).EnsureSuccess();
        _kubeconfig = await Cluster.KubeconfigForServiceAccountAsync(OperatorNamespace, "kms-operator");
        _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { QuotaScale = 0 }, TimeProvider.System, CancellationToken.None);
        _admin = new HttpClient { BaseAddress = new Uri(_simulator.Url) };
        _namespace = await Cluster.CreateNamespaceAsync("shards");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: {{_namespace}}, namespace: {{OperatorNamespace}}}
            rules:
              - apiGroups: [coordination.k8s.io]
                resources: [leases]
                resourceNames: [{{string.Join(", ", LeaseNames)}}]
                verbs: [get, patch]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: {{_namespace}}, namespace: {{OperatorNamespace}}}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{_namespace}}}
            subjects: [{kind: ServiceAccount, name: kms-operator, namespace: {{OperatorNamespace}}}]
            """);
        for (var i = 0; i < ClassNames.Length; i++)
        {
            await Cluster.ApplyTextAsync(
                $$"""
                apiVersion: kms.servicekey.dev/v1alpha1
                kind: KeyClass
                metadata: {name: {{ClassNames[i]}}}
                spec:
                  region: {{Regions[i % Regions.Length]}}
                  aliasPrefix: {{_namespace}}
                  aliasTemplate: "{prefix}/{namespace}/{name}"
                  account: {roleArn: "arn:aws:iam::{{100_000_000_000 + (i / Regions.Length)}}:role/kms"}
                  access: {administrators: [Admin]}
                """);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _operators.ForEach(process => process.Dispose());
        foreach (var name in ClassNames)
        {
            await Cluster.Client.DeleteAsync($"keyclass/{name}", "");
        }

        foreach (var name in LeaseNames)
        {
            await Cluster.Client.DeleteAsync($"lease/{name}", OperatorNamespace);
        }

        _admin?.Dispose();
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_is_killed_and_one_stands_still_and_goes_on_and_each_resource_gets_exactly_one_key()
    {
        var (killed, paused, third) = (Start(), Start(), Start());
        await HeldAsync(processes: 3, "three processes hold two shards each");
        await AddKeysAsync(18);
        await ReadyAsync(6);

        // In the middle of the first keys.
        await AddKeysAsync(18);
        await killed.SignalAsync("KILL");
        await AddKeysAsync(18);
        await HeldAsync(processes: 2, "two processes hold three shards each");
        await ReadyAsync(54);

        await AddKeysAsync(18);
        await paused.SignalAsync("STOP");
        await AddKeysAsync(18);
        await HeldAsync(processes: 1, "one process holds all");
        await ReadyAsync(90);

        await paused.SignalAsync("CONT");
        await AddKeysAsync(18);
        await HeldAsync(processes: 2, "the one that stood still gets three shards");
        await ReadyAsync(108);

        Assert.False(paused.HasExited, paused.LastLines);
        Assert.False(third.HasExited, third.LastLines);
        var owners = (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/keys", TestContext.Current.CancellationToken))!.Select(key => (string)key!["tags"]!["servicekey.dev/owner"]!).Order(StringComparer.Ordinal);
        Assert.Equal(Enumerable.Range(0, 108).Select(number => $"ServiceKey/{_namespace}/key-{number}").Order(StringComparer.Ordinal), owners);
    }

    private string[] ClassNames => [.. Enumerable.Range(0, 12).Select(number => $"{_namespace}-{number}")];

    private ServerProcess Start()
    {
        var process = OperatorProcess.Start(
            _kubeconfig, _simulator!.Url, "--health-address", "0", "--metrics-address", "0", "--watch-namespaces", _namespace, "--consistency-window", "3s",
            "--cluster-id", "shards", "--leader-election-id", _namespace, "--shards", "6");
        _operators.Add(process);
        return process;
    }

    /// <summary>Waits until so many processes hold all shards in equal parts.</summary>
    private Task HeldAsync(int processes, string what) => Eventually.TrueAsync(
        async () =>
        {
            var holders = new List<string>();
            foreach (var name in LeaseNames.Skip(2))
            {
                holders.Add((await Cluster.Client.FindAsync($"lease/{name}", OperatorNamespace)).Field(".spec.holderIdentity"));
            }

            var counts = holders.Where(holder => holder.Length > 0).CountBy(holder => holder).ToList();
            return counts.Count == processes && counts.All(count => count.Value == Shards / processes);
        },
        () => $"{what}:\n{Logs}",
        Limit);

    private string Logs => string.Join("\n---\n", _operators.Select(process => process.LastLines));

    private async Task AddKeysAsync(int count)
    {
        var manifests = Enumerable.Range(_keys, count).Select(number =>
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: ServiceKey
            metadata: {name: key-{{number}}, namespace: {{_namespace}}}
            spec: {className: {{ClassNames[number % ClassNames.Length]}}, service: s3}
            """);
        _keys += count;
        await Cluster.ApplyTextAsync(string.Join("\n---\n", manifests));
    }

    /// <summary>Waits until so many ServiceKeys are ready.</summary>
    private Task ReadyAsync(int count) => Eventually.TrueAsync(
        async () =>
        {
            var ready = 0;
            for (var number = 0; number < _keys; number++)
            {
                ready += (string?)(await Cluster.Client.FindAsync($"sk/key-{number}", _namespace)).Condition("Ready")?["status"] == "True" ? 1 : 0;
            }

            return ready >= count;
        },
        () => $"{count} of {_keys} are not ready:\n{Logs}",
        Limit,
        TimeSpan.FromSeconds(1));
}
