using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.IntegrationTests.Simulator;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Flows;
using KmsSimulator;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>A place for runs on a real API server, one after the other: a KeyClass and a simulator of its own, and a new namespace for each run.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    // To look at the end takes several requests, for which the operators would wait.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);

    private readonly KubernetesApi _api;
    private readonly SimulatorHost _simulator;
    private readonly HttpClient _admin;
    private readonly string _className;
    private readonly ConcurrentDictionary<string, AmazonKeyManagementServiceClient> _kms = new();
    private int _runs;

    private Stage(KubernetesApi api, SimulatorHost simulator, string className)
    {
        _api = api;
        _simulator = simulator;
        _className = className;
        _admin = new HttpClient { BaseAddress = new Uri(simulator.Url) };
    }

    /// <summary>URL of the simulator.</summary>
    public string SimulatorUrl => _simulator.Url;

    /// <summary>Sets a stage up.</summary>
    /// <param name="cluster">The API server.</param>
    /// <param name="className">Name of its class, and how its namespaces' names begin.</param>
    public static async Task<Stage> StartAsync(Cluster cluster, string className)
    {
        var api = cluster.Connect();
        var simulator = await SimulatorHost.StartAsync(
            new SimulatorOptions { QuotaScale = 0, TransitionTime = TimeSpan.FromMilliseconds(100) }, TimeProvider.System, CancellationToken.None);
        await api.CreateAsync(
            ResourceTypes.KeyClasses,
            new KeyClass
            {
                Metadata = new ObjectMeta { Name = className },
                Spec = new KeyClassSpec
                {
                    Region = "us-east-1",
                    AliasPrefix = "matrix",
                    Access = new AccessSpec { Administrators = ["Admin"] },
                    Permissions = new PermissionsSpec { Adoption = "Allow", AliasTakeOver = "Allow", Undelete = "Allow" },
                    Allowed = new AllowedSpec { MaterialSecrets = ["*"] },
                },
            },
            CancellationToken.None);
        return new Stage(api, simulator, className);
    }

    /// <summary>One run of a flow.</summary>
    /// <param name="flow">What happens.</param>
    /// <param name="operators">How many operators work at the same time.</param>
    /// <param name="expected">What the run must end in; null to wait for the last comparison and see.</param>
    /// <returns>The end state; see <see cref="EndState"/>.</returns>
    public async Task<string> RunAsync(Flow flow, int operators, string? expected)
    {
        (await _admin.PostAsJsonAsync("/_sim/reset", new JsonObject())).EnsureSuccessStatusCode();
        var name = $"{_className}-{++_runs}";
        await _api.CreateAsync(BuiltInTypes.Namespaces, new Namespace { Metadata = new ObjectMeta { Name = name } }, CancellationToken.None);
        var user = new FlowUser(
            _api, name, _className, region => _kms.GetOrAdd(region, _ => _simulator.Kms(region)), KeysAsync, (holds, otherwise) => Eventually.TrueAsync(holds, otherwise, interval: Interval));
        var effects = new ConcurrentDictionary<string, int>();
        var instances = Enumerable.Range(0, operators)
            .Select(_ => OperatorInstance.Start(_api, name, _className, new Uri(SimulatorUrl), effects, flow.DriftPeriod)).ToArray();
        try
        {
            await Eventually.TrueAsync(IsClassReadyAsync, () => $"{_className} is not ready.");
            await flow.Prepare(user);
            await user.SettledAsync();
            effects.Clear();
            await flow.Act(user);
            if (expected is null)
            {
                await user.ComparedAsync(OperatorInstance.ConsistencyWindow);
                return await EndAsync(user, effects);
            }

            var end = "";
            using var deadline = new CancellationTokenSource(Limit, TimeProvider.System);
            while (!deadline.IsCancellationRequested && (end = await EndAsync(user, effects)) != expected)
            {
                await Task.Delay(Interval, TimeProvider.System, CancellationToken.None);
            }

            return end;
        }
        finally
        {
            foreach (var instance in instances)
            {
                await instance.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _kms.Values)
        {
            client.Dispose();
        }

        _admin.Dispose();
        _api.Dispose();
        await _simulator.DisposeAsync();
    }

    /// <summary>The first operator of a stage checks its class; the resources of a run are not to wait for that.</summary>
    private async Task<bool> IsClassReadyAsync() =>
        await _api.GetAsync(ResourceTypes.KeyClasses, new NamespacedName("", _className), CancellationToken.None) is { } keyClass
        && ResourceConditions.IsReady(keyClass.Status?.Conditions, keyClass.Metadata.Generation);

    private async Task<IReadOnlyList<JsonObject>> KeysAsync() => [.. (await _admin.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.OfType<JsonObject>()];

    private async Task<string> EndAsync(FlowUser user, ConcurrentDictionary<string, int> effects) => EndState.Describe(
        user.Namespace,
        _className,
        await user.ResourcesAsync(),
        (await _api.ListPageAsync(BuiltInTypes.ConfigMaps, user.Namespace, 500, null, CancellationToken.None)).Items,
        await KeysAsync(),
        effects);
}
