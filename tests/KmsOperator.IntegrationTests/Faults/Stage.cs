using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using KmsSimulator;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>A place for runs, one after the other: a KeyClass and a simulator of its own, and a new namespace for each run.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // A run that is at its end this long does not reach its fault any more.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

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
                    Permissions = new PermissionsSpec { Adoption = "Allow" },
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
        var instance = Start(plan, effects, lease);
        if (lease is not null)
        {
            await Eventually.TrueAsync(() => instance.Lease!.IsLeader, () => "The first operator does not lead.");
        }

        await using var second = operators > 1 || lease is not null ? Start(new FaultPlan(), effects, lease) : null;
        try
        {
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
                instance = OperatorInstance.Start(successor, Namespace, _className, new Uri(SimulatorUrl), plan, effects);
                var before = plan.Seen.Count;
                await Task.WhenAny(Eventually.TrueAsync(() => plan.Seen.Count > before + 1, () => "", Patience));
                successor.CatchUp();
            }

            if (expected is null)
            {
                await SettledAsync();
                return new RunResult(await EndAsync(effects), [.. plan.Seen], true);
            }

            var end = "";
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
                    instance = Start(plan, effects);
                    point = null;
                }

                // Until the fault has struck, the state may look like the end without being it.
                end = await EndAsync(effects);
                doneAt = end == expected ? doneAt ?? TimeProvider.System.GetUtcNow() : null;
                if (doneAt is { } since && (point is null || plan.Hit || TimeProvider.System.GetUtcNow() - since > Patience))
                {
                    break;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            }

            return new RunResult(end, [.. plan.Seen], point is null || plan.Hit);
        }
        finally
        {
            await instance.DisposeAsync();
        }
    }

    /// <summary>Waits until every resource of the run is Ready for its generation and nothing else, or gone. An old server removes in a second write.</summary>
    public Task SettledAsync() => Eventually.TrueAsync(
        async () => (await ResourcesAsync()).All(resource =>
            resource.Metadata.DeletionTimestamp is null
            && resource.Status is { RotationAttempt: null, Creation: null, PendingAliasName: null, Conditions: { Count: 1 } }
            && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) == resource.Status?.LastHandledRotateAt
            && ResourceConditions.IsReady(resource.Status?.Conditions, resource.Metadata.Generation)),
        () => $"{Namespace} does not settle.");

    /// <summary>Makes a ServiceKey.</summary>
    public Task CreateAsync(string name, ServiceKeySpec spec) => _api.CreateAsync(
        ResourceTypes.ServiceKeys,
        new ServiceKey { Metadata = new ObjectMeta { Namespace = Namespace, Name = name }, Spec = spec with { ClassName = _className } },
        CancellationToken.None);

    /// <summary>Changes a ServiceKey.</summary>
    public Task PatchAsync(string name, string patch) => _api.MergePatchAsync(
        ResourceTypes.ServiceKeys, new ResourceKey(Namespace, name), (JsonObject)JsonNode.Parse(patch)!, null, CancellationToken.None);

    /// <summary>Puts an annotation on a ServiceKey.</summary>
    public Task AnnotateAsync(string name, string annotation, string value) =>
        PatchAsync(name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }.ToJsonString());

    /// <summary>Deletes a ServiceKey.</summary>
    public Task DeleteAsync(string name) => _api.DeleteAsync(ResourceTypes.ServiceKeys, new ResourceKey(Namespace, name), null, null, CancellationToken.None);

    /// <summary>A KMS client past the operator and its faults.</summary>
    public AmazonKeyManagementServiceClient Kms() => new(
        new BasicAWSCredentials("test", "test"), new AmazonKeyManagementServiceConfig { ServiceURL = SimulatorUrl, AuthenticationRegion = "us-east-1" });

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        _api.Dispose();
        await _simulator.DisposeAsync();
    }

    /// <summary>An API server that is behind.</summary>
    public StaleApi StaleApi() => new(_api);

    private OperatorInstance Start(FaultPlan plan, ConcurrentDictionary<string, int> effects, LeaderLeaseOptions? lease = null) =>
        OperatorInstance.Start(_api, Namespace, _className, new Uri(SimulatorUrl), plan, effects, lease);

    private async Task<string> EndAsync(ConcurrentDictionary<string, int> effects) => EndState.Describe(
        Namespace,
        _className,
        await ResourcesAsync(),
        (await _api.ListPageAsync(BuiltInTypes.ConfigMaps, Namespace, 500, null, CancellationToken.None)).Items,
        (await _admin.GetFromJsonAsync<JsonArray>("/_sim/keys"))!,
        effects);

    private async Task<List<IKeyResource>> ResourcesAsync() =>
    [
        .. (await _api.ListPageAsync(ResourceTypes.ServiceKeys, Namespace, 500, null, CancellationToken.None)).Items,
        .. (await _api.ListPageAsync(ResourceTypes.KeyReplicas, Namespace, 500, null, CancellationToken.None)).Items,
    ];
}

/// <summary>What a run came to.</summary>
/// <param name="End">The end state; see <see cref="EndState"/>.</param>
/// <param name="Points">The side effects, in their order.</param>
/// <param name="Hit">Whether the fault struck.</param>
internal sealed record RunResult(string End, IReadOnlyList<FaultPoint> Points, bool Hit);
