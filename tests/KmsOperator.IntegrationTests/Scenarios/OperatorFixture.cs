using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Simulator;
using KmsSimulator;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>
/// The operator in its own process, under exactly the account and role of config/rbac, between the real API server and the
/// simulator. <c>KMS_OPERATOR_BINARY</c> runs another build of it, for example the published one.
/// </summary>
public sealed class OperatorFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private SimulatorHost? _simulator;
    private HttpClient? _admin;
    private ServerProcess? _operator;
    private string? _kubeconfig;

    public string SimulatorUrl => _simulator!.Url;

    /// <summary>Installs CRDs and roles and starts simulator and operator, once.</summary>
    public async Task StartAsync(Cluster cluster)
    {
        await _gate.WaitAsync();
        try
        {
            if (_operator is not null)
            {
                return;
            }

            await cluster.InstallCrdsAsync();
            (await cluster.KubectlAsync("apply", "-k", Path.Combine(Repository.Root, "config", "rbac"))).EnsureSuccess();
            _kubeconfig = await cluster.KubeconfigForServiceAccountAsync("kms-operator-system", "kms-operator");
            _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { QuotaScale = 0, Seed = 1 }, TimeProvider.System, CancellationToken.None);
            _admin = new HttpClient { BaseAddress = new Uri(_simulator.Url) };
            StartOperator();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Kills the operator, as a node failure would, and starts another.</summary>
    public void Restart()
    {
        _operator!.Dispose();
        StartOperator();
    }

    /// <summary>Kills the operator.</summary>
    public void Kill() => _operator!.Dispose();

    /// <summary>Starts the operator.</summary>
    public void StartOperator()
    {
        _operator = OperatorProcess.Start(
            _kubeconfig!, SimulatorUrl, "--leader-elect=false", "--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0",
            "--consistency-window", "3s", "--cluster-id", "test-cluster", "--quota-share", "1");
    }

    /// <summary>Another operator in place of this one, until it is disposed: the kubeconfig and the flags are the same, but for what is given.</summary>
    /// <param name="environment">Variables, each <c>name=value</c>; no credentials but those in it.</param>
    /// <param name="flags">More flags.</param>
    internal ServerProcess StartInstead(IReadOnlyList<string> environment, params string[] flags) => OperatorProcess.StartWith(
        _kubeconfig!, SimulatorUrl, environment, [.. flags.Contains("--consistency-window") ? (string[])[] : ["--consistency-window", "3s"], "--cluster-id", "test-cluster", "--quota-share", "1", .. flags]);

    /// <summary>Where the operator answers probes, once it does.</summary>
    public Task<Uri> HealthUrlAsync() => _operator!.HealthUrlAsync();

    /// <summary>Where the operator serves its metrics, once it does.</summary>
    public Task<Uri> MetricsUrlAsync() => _operator!.MetricsUrlAsync();

    /// <summary>What the operator wrote last, to explain a failure.</summary>
    public string Log => _operator?.LastLines ?? "";

    /// <summary>The keys that KMS holds, of one owner namespace.</summary>
    public async Task<JsonObject[]> KeysOfAsync(string @namespace) =>
        [.. (await AllKeysAsync()).Where(key => key["tags"]!["servicekey.dev/owner"]?.GetValue<string>().Contains($"/{@namespace}/", StringComparison.Ordinal) == true)];

    /// <summary>The keys that KMS holds.</summary>
    public async Task<JsonObject[]> AllKeysAsync() => [.. (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.OfType<JsonObject>()];

    /// <summary>How often each operation was called.</summary>
    public async Task<Dictionary<string, int>> CallsAsync() => (await _admin!.GetFromJsonAsync<Dictionary<string, int>>("/_sim/calls"))!;

    /// <summary>The calls of one account in their order, each with its operation and key.</summary>
    public async Task<JsonObject[]> CallsOfAsync(string account) =>
        [.. (await _admin!.GetFromJsonAsync<JsonArray>("/_sim/calls?detail=1"))!.OfType<JsonObject>().Where(call => call["account"]!.GetValue<string>() == account)];

    /// <summary>A KMS client of the simulator's default account.</summary>
    public AmazonKeyManagementServiceClient Kms(string region = "us-east-1") => _simulator!.Kms(region);

    /// <summary>Sends an admin request.</summary>
    public async Task AdminAsync(string path, JsonNode body) => (await _admin!.PostAsJsonAsync(path, body)).EnsureSuccessStatusCode();

    public async ValueTask DisposeAsync()
    {
        _operator?.Dispose();
        _admin?.Dispose();
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }

        _gate.Dispose();
    }
}

/// <summary>One after the other: they replace the operator, move the clock and count what all of it does.</summary>
[CollectionDefinition("operator")]
public sealed class OperatorCollection : ICollectionFixture<OperatorFixture>;
