using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Testing.Faults;
using KmsOperator.Testing.Running;
using KmsSimulator;

namespace KmsOperator.Testing.Flows;

/// <summary>How a flow is run.</summary>
internal sealed record FlowRunOptions
{
    /// <summary>One operator, which leads at once, and KMS that shows at once what was written.</summary>
    public static FlowRunOptions Default { get; } = new();

    /// <summary>For how long, at most, KMS shows the state before a write.</summary>
    public TimeSpan ConsistencyDelay { get; init; }

    /// <summary>How the leader and one that waits beside it are elected; null for one operator without a lease.</summary>
    public LeaderLeaseOptions? Lease { get; init; }

    /// <summary>Into how many shards the work of both is divided; more than 1 needs <see cref="Lease"/>.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Whether another operator works at the same time, without a lease.</summary>
    public bool HasRival { get; init; }

    /// <summary>Whether the operator that takes over after the action is never told what it missed; null for no such operator.</summary>
    public bool? SuccessorForgets { get; init; }

    /// <summary>Fixes what is random.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>One run of a flow in memory, on a cluster and an AWS of its own, under one clock: with the same options it is the same each time.</summary>
internal sealed class FlowRun : IDisposable
{
    private const string Namespace = "run";
    private const string ClassName = "stage";

    private const string KeyClass = $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: {{ClassName}}}
        spec:
          region: us-east-1
          aliasPrefix: matrix
          access: {administrators: [Admin]}
          permissions: {adoption: Allow, aliasTakeOver: Allow, undelete: Allow}
          allowed: {materialSecrets: ["*"]}
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    // More than any wait of the operator but its drift period.
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(25);

    private readonly FlowRunOptions _options;
    private readonly OperatorUnderTest _operators;
    private readonly ConcurrentDictionary<string, int> _effects = new();
    private readonly ApiConnection _api;
    private readonly FlowUser _user;

    private FlowRun(Flow flow, FlowRunOptions options)
    {
        _options = options;
        _operators = new OperatorUnderTest(new OperatorTestOptions
        {
            ClusterId = "matrix",
            DriftPeriod = flow.DriftPeriod,
            Seed = options.Seed,
            Simulator = new SimulatorOptions { QuotaScale = 0, Seed = options.Seed, ConsistencyDelay = options.ConsistencyDelay },
        });
        _operators.Kill();
        _api = _operators.Server.Connect("people");
        _user = new FlowUser(_api, Namespace, ClassName, region => _operators.Aws.Kms(region), _operators.Aws.KeysAsync, UntilAsync);
        _operators.User.EnsureNamespace(Namespace);
        _operators.User.EnsureNamespace("kms-operator-system");
        _operators.User.Apply(KeyClass);
    }

    /// <summary>Runs a flow.</summary>
    /// <param name="flow">What happens.</param>
    /// <param name="point">Where the fault strikes; null for an undisturbed run.</param>
    /// <param name="mode">The fault.</param>
    /// <param name="options">How it is run; the defaults when null.</param>
    /// <param name="remember">What a successor is served: called in the action, with the API server as it will see it.</param>
    public static async Task<RunResult> RunAsync(
        Flow flow, FaultPoint? point = null, FaultMode mode = default, FlowRunOptions? options = null, Func<StaleApi, Func<FlowUser, Task>>? remember = null)
    {
        using var run = new FlowRun(flow, options ?? FlowRunOptions.Default);
        return await run.RunAsync(flow, point, mode, remember);
    }

    public void Dispose() => _operators.Dispose();

    private async Task<RunResult> RunAsync(Flow flow, FaultPoint? point, FaultMode mode, Func<StaleApi, Func<FlowUser, Task>>? remember)
    {
        var plan = Start();

        // The first operator leads before the other one asks for the lease.
        await UntilAsync(IsClassReadyAsync, () => $"{ClassName} is not ready.");
        if (_options.HasRival || _options.Lease is not null)
        {
            _ = Start();
        }

        await flow.Prepare(_user);
        await _user.SettledAsync();
        _effects.Clear();
        plan.Arm(point, mode);
        if (_options.SuccessorForgets is { } forgets)
        {
            var stale = new StaleApi(_operators.Server.Connect("stale"), forgets);
            await remember!(stale)(_user);

            // The first operator finishes; the second one begins with what it is served, and learns the rest later.
            await _user.SettledAsync();
            _operators.Kill();
            _ = Start(stale);
            await WorkAsync(TimeSpan.FromSeconds(5));
            stale.CatchUp();
        }
        else
        {
            await flow.Act(_user);
        }

        await WorkAsync(Rest);
        return new RunResult(await EndAsync(), [.. plan.Seen], point is null || plan.Hit);
    }

    private FaultPlan Start(IKubernetesApi? api = null)
    {
        var plan = new FaultPlan();
        plan.Crash = _operators.Start(new OperatorWiring
        {
            Api = connection => new FaultyApi(api ?? connection, plan, ClassName),
            Aws = transport => new FaultyTransport(transport, plan, _effects),
            Lease = _options.Lease,
            Shards = _options.Shards,
        });
        return plan;
    }

    /// <summary>Lets the operators work. One that dies is started again, unless another one waits to take over.</summary>
    private async Task WorkAsync(TimeSpan duration)
    {
        var end = _operators.Clock.GetUtcNow() + duration;
        while (_operators.Clock.GetUtcNow() is var now && now < end)
        {
            await _operators.SettleAsync(end - now);
            if (_operators.IsHalted)
            {
                _operators.KillHalted();
                if (_options.Lease is null)
                {
                    _ = Start();
                }
            }
        }
    }

    private async Task UntilAsync(Func<Task<bool>> holds, Func<string> otherwise)
    {
        var end = _operators.Clock.GetUtcNow() + Limit;
        while (!await holds())
        {
            if (_operators.Clock.GetUtcNow() >= end)
            {
                throw new TimeoutException(otherwise());
            }

            await WorkAsync(Interval);
        }
    }

    private Task<bool> IsClassReadyAsync() => Task.FromResult(
        (_operators.User.Get("KeyClass", new NamespacedName("", ClassName))["status"]?["conditions"] as JsonArray)?.Any(condition => (string?)condition!["status"] == "True") == true);

    private async Task<string> EndAsync() => EndState.Describe(
        Namespace,
        ClassName,
        await _user.ResourcesAsync(),
        (await _api.ListPageAsync(BuiltInTypes.ConfigMaps, Namespace, 500, null, CancellationToken.None)).Items,
        await _operators.Aws.KeysAsync(),
        _effects);
}
