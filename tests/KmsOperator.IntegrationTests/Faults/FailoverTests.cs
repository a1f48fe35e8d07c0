using System.Net.Http.Json;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Scenarios;
using KmsSimulator;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Two processes with the lease as it is shipped (15 s), under the operator's own account.</summary>
[Collection("fault stages")]
public sealed class FailoverTests(FaultStages stages) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<ServerProcess> _operators = [];
    private SimulatorHost? _simulator;
    private HttpClient? _admin;
    private string _kubeconfig = "";
    private string _namespace = "";

    private Cluster Cluster => stages.Cluster;

    public async ValueTask InitializeAsync()
    {
        await stages.StartAsync();
        (await Cluster.KubectlAsync("apply", "-k", Path.Combine(Repository.Root, "config", "rbac"))).EnsureSuccess();
        _kubeconfig = await Cluster.KubeconfigForServiceAccountAsync("kms-operator-system", "kms-operator");
        _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { QuotaScale = 0 }, TimeProvider.System, CancellationToken.None);
        _admin = new HttpClient { BaseAddress = new Uri(_simulator.Url) };
        _namespace = await Cluster.CreateNamespaceAsync("failover");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: {{_namespace}}}
            spec: {region: us-east-1, aliasPrefix: {{_namespace}}, access: {administrators: [Admin] } }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        _operators.ForEach(process => process.Dispose());
        await Cluster.Client.DeleteAsync($"keyclass/{_namespace}", "");
        await Cluster.Client.DeleteAsync("lease/kms-operator", "kms-operator-system");
        _admin?.Dispose();
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_leader_that_stands_still_in_the_middle_of_CreateKey_is_succeeded_and_ends_when_it_wakes_up()
    {
        var first = await StartLeaderAsync();
        var firstHolder = await HolderAsync();
        var second = Start();

        // The record is written, the call under way; then the process stands still, as on a node that hangs.
        await HoldCreateKeyAsync("one", "s3", first);
        await first.SignalAsync("STOP");
        await ReleaseAsync();

        await ReadyAsync("one", second);
        Assert.NotEqual(firstHolder, await HolderAsync());
        await ApplyKeyAsync("two", "sns");
        await ReadyAsync("two", second);
        var before = await KeysAsync();

        // It still believes to lead, until it looks.
        await first.SignalAsync("CONT");
        Assert.Equal(1, await first.ExitCode.WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Contains("Another instance may lead", first.LastLines, StringComparison.Ordinal);
        Assert.False(second.HasExited, second.LastLines);
        await ReadyAsync("one", second);
        Assert.Equal(before, await KeysAsync());
        Assert.Equal([$"ServiceKey/{_namespace}/one", $"ServiceKey/{_namespace}/two"], (await OwnersAsync()).Order());
    }

    [Fact]
    public async Task A_leader_that_is_told_to_stop_finishes_what_it_has_in_hand_and_gives_the_lease_back()
    {
        var first = await StartLeaderAsync();
        var second = Start();
        await HoldCreateKeyAsync("one", "s3", first);
        await first.SignalAsync("TERM");
        await ReleaseAsync();
        Assert.Equal(0, await first.ExitCode.WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Contains("released", first.LastLines, StringComparison.Ordinal);

        await ReadyAsync("one", second);
        Assert.Equal([$"ServiceKey/{_namespace}/one"], await OwnersAsync());
    }

    private ServerProcess Start()
    {
        var process = OperatorProcess.Start(
            _kubeconfig, _simulator!.Url, "--health-address", "0", "--metrics-address", "0", "--watch-namespaces", _namespace, "--consistency-window", "3s", "--cluster-id", "failover");
        _operators.Add(process);
        return process;
    }

    private async Task<ServerProcess> StartLeaderAsync()
    {
        var process = Start();
        await Eventually.TrueAsync(async () => (await HolderAsync()).Length > 0, () => process.LastLines, Limit);
        return process;
    }

    private async Task<string> HolderAsync() => (await Cluster.Client.FindAsync("lease/kms-operator", "kms-operator-system")).Field(".spec.holderIdentity");

    private Task<JsonObject?> FindAsync(string name) => Cluster.Client.FindAsync($"sk/{name}", _namespace);

    private Task ReadyAsync(string name, ServerProcess process) => Eventually.TrueAsync(
        async () => (string?)(await FindAsync(name)).Condition("Ready")?["status"] == "True", () => process.LastLines, Limit);

    private Task ApplyKeyAsync(string name, string service) => Cluster.ApplyTextAsync(
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: {{name}}, namespace: {{_namespace}}}
        spec: {className: {{_namespace}}, service: {{service}}}
        """);

    /// <summary>Makes a resource and waits until KMS has the call for its key, which it does not answer; the attempt is on record then.</summary>
    private async Task HoldCreateKeyAsync(string name, string service, ServerProcess process)
    {
        (await _admin!.PostAsJsonAsync("/_sim/faults", new JsonObject { ["operation"] = "CreateKey", ["kind"] = "hold" })).EnsureSuccessStatusCode();
        await ApplyKeyAsync(name, service);
        await Eventually.TrueAsync(async () => (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/faults"))!.Count == 0, () => process.LastLines, Limit);
        Assert.NotNull((await FindAsync(name))?["metadata"]?["annotations"]?["kms.servicekey.dev/create-attempt"]);
        Assert.Empty(await OwnersAsync());
    }

    /// <summary>Has KMS make the key.</summary>
    private async Task ReleaseAsync()
    {
        using var answer = await _admin!.PostAsync("/_sim/faults/release", null);
        Assert.Equal(1, (await answer.Content.ReadFromJsonAsync<JsonObject>())!["released"]!.GetValue<int>());
    }

    private async Task<string> KeysAsync() => (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.ToJsonString();

    private async Task<string[]> OwnersAsync() =>
        [.. (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.Select(key => key!["tags"]!["servicekey.dev/owner"]!.GetValue<string>())];
}
