using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsSimulator;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>A place for runs, one after the other: a KeyClass and a simulator of its own, and a new namespace for each run.</summary>
internal sealed partial class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    // A run that is at its end this long does not reach its fault any more.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // To look at the end takes several requests, for which operators would wait: without a change of theirs, only every so often.
    private const int IdleIntervals = 6;

    private readonly KubernetesApi _api;
    private readonly SimulatorHost _simulator;
    private readonly HttpClient _admin;
    private readonly string _className;
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

    /// <summary>Namespace of the present run.</summary>
    public string Namespace { get; private set; } = "";

    /// <summary>Sets a stage up.</summary>
    /// <param name="cluster">The API server.</param>
    /// <param name="className">Name of its class, and how its namespaces' names begin.</param>
    /// <param name="consistencyDelay">For how long, at most, KMS shows the state before a write.</param>
    public static async Task<Stage> StartAsync(Cluster cluster, string className, TimeSpan consistencyDelay = default)
    {
        var api = cluster.Connect();
        var simulator = await SimulatorHost.StartAsync(
            new SimulatorOptions { QuotaScale = 0, TransitionTime = TimeSpan.FromMilliseconds(100), ConsistencyDelay = consistencyDelay },
            TimeProvider.System,
            CancellationToken.None);
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
                },
            },
            CancellationToken.None);
        return new Stage(api, simulator, className);
    }

    /// <summary>One run of a flow.</summary>
    /// <param name="flow">What happens.</param>
    /// <param name="point">Where the fault strikes; null for an undisturbed run.</param>
    /// <param name="mode">The fault.</param>
    /// <param name="expected">What the run must end in; null to let it settle and see.</param>
    /// <param name="operators">How many operators work at the same time.</param>
    /// <param name="successor">Where the operator that takes over after the action reads; null for no such operator.</param>
    /// <param name="lease">How the leader and one that waits beside it are elected; null for one operator without a lease.</param>
    public async Task<RunResult> RunAsync(
        Flow flow, FaultPoint? point, FaultMode mode, string? expected, int operators = 1, StaleApi? successor = null, LeaderLeaseOptions? lease = null)
    {
        (await _admin.PostAsJsonAsync("/_sim/reset", new JsonObject())).EnsureSuccessStatusCode();
        Namespace = $"{_className}-{++_runs}";
        await _api.CreateAsync(BuiltInTypes.Namespaces, new Namespace { Metadata = new ObjectMeta { Name = Namespace } }, CancellationToken.None);
        var plan = new FaultPlan();
        var effects = new ConcurrentDictionary<string, int>();
        var instance = Start(flow, plan, effects, lease);
        if (lease is not null)
        {
            await Eventually.TrueAsync(() => instance.Lease!.IsLeader, () => "The first operator does not lead.");
        }

        var otherPlan = new FaultPlan();
        await using var second = operators > 1 || lease is not null ? Start(flow, otherPlan, effects, lease) : null;
        try
        {
            await Eventually.TrueAsync(IsClassReadyAsync, () => $"{_className} is not ready.");
            await flow.Prepare(this);
            await SettledAsync();
            effects.Clear();
            plan.Arm(point, mode);
            await flow.Act(this);
            if (successor is not null)
            {
                // The first operator finishes; the second one begins with what it is served, and learns the rest later.
                await SettledAsync();
                await instance.DisposeAsync();
                instance = OperatorInstance.Start(successor, Namespace, _className, new Uri(SimulatorUrl), plan, effects, flow.DriftPeriod);
                var before = plan.Sent;
                await Task.WhenAny(Eventually.TrueAsync(() => plan.Sent > before + 1, () => "", Patience));
                successor.CatchUp();
            }

            if (expected is null)
            {
                await SettledAsync();
                return new RunResult(await EndAsync(effects), [.. plan.Seen], true);
            }

            var end = "";
            var (sent, idle) = (-1, 0);
            DateTimeOffset? doneAt = null;
            using var deadline = new CancellationTokenSource(Limit, TimeProvider.System);
            while (!deadline.IsCancellationRequested)
            {
                if (plan.Crashed.IsCompleted && lease is not null)
                {
                    // The other one takes over when the lease of the dead has expired.
                    point = null;
                }
                else if (plan.Crashed.IsCompleted)
                {
                    await instance.DisposeAsync();
                    plan = new FaultPlan();
                    instance = Start(flow, plan, effects);
                    point = null;
                }

                // Until the fault has struck, the state may look like the end without being it; so this is asked first.
                var hasStruck = point is null || plan.Hit;
                if (plan.Sent + otherPlan.Sent is var now && (now != sent || ++idle >= IdleIntervals))
                {
                    (sent, idle) = (now, 0);
                    end = await EndAsync(effects);
                }

                doneAt = end == expected ? doneAt ?? TimeProvider.System.GetUtcNow() : null;
                if (doneAt is { } since && (hasStruck || TimeProvider.System.GetUtcNow() - since > Patience))
                {
                    break;
                }

                await Task.Delay(Interval, TimeProvider.System, CancellationToken.None);
            }

            return new RunResult(end, [.. plan.Seen], point is null || plan.Hit);
        }
        finally
        {
            await instance.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        _api.Dispose();
        await _simulator.DisposeAsync();
    }

    /// <summary>An API server that is behind.</summary>
    /// <param name="forgets">Whether it never tells what happened meanwhile.</param>
    public StaleApi StaleApi(bool forgets = false) => new(_api, forgets);

    /// <summary>The first operator of a stage checks its class; the resources of a run are not to wait for that.</summary>
    private async Task<bool> IsClassReadyAsync() =>
        await _api.GetAsync(ResourceTypes.KeyClasses, new NamespacedName("", _className), CancellationToken.None) is { } keyClass
        && ResourceConditions.IsReady(keyClass.Status?.Conditions, keyClass.Metadata.Generation);

    private OperatorInstance Start(Flow flow, FaultPlan plan, ConcurrentDictionary<string, int> effects, LeaderLeaseOptions? lease = null) =>
        OperatorInstance.Start(_api, Namespace, _className, new Uri(SimulatorUrl), plan, effects, flow.DriftPeriod, lease);

    private async Task<string> EndAsync(ConcurrentDictionary<string, int> effects) => EndState.Describe(
        Namespace,
        _className,
        await ResourcesAsync(),
        (await _api.ListPageAsync(BuiltInTypes.ConfigMaps, Namespace, 500, null, CancellationToken.None)).Items,
        (await _admin.GetFromJsonAsync<JsonArray>("/_sim/keys"))!,
        effects);
}
