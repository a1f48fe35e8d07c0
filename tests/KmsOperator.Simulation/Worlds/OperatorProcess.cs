using System.Diagnostics.Metrics;
using Amazon.Runtime;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Sharding;
using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scheduling;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.Simulation.Worlds;

/// <summary>One run of the real operator as a simulated process. The only place that knows how the operator is put together.</summary>
internal sealed class OperatorProcess : IDisposable
{
    private static readonly AWSCredentials Credentials = new BasicAWSCredentials("AKIAOPERATOR", "secret");

    private readonly SimulatedWorld _world;
    private readonly Meter _meter = new("kms-operator");
    private readonly OperatorComposition _operator;
    private readonly LeaderLease? _lease;
    private readonly bool _divides;

    /// <param name="world">Where it runs.</param>
    /// <param name="name">Which of the operators it is, for example <c>A</c>.</param>
    /// <param name="run">Counts its restarts.</param>
    public OperatorProcess(SimulatedWorld world, string name, int run)
    {
        _world = world;
        Name = name;
        Identity = $"{name}{run}";
        Process = world.NewProcess(Identity);
        Connection = world.Server.Connect(Identity);
        var random = world.NewRandom();
        var time = Process.Time;
        var network = new ApiNetwork(world, this, Connection);
        IKubernetesApi api = world.Without is { } repair ? new UnrepairedApi(network, repair) : network;
        var loggers = world.Work.Loggers(world.Trace.KeepsNotes ? message => world.Trace.Note(Identity, message) : null);
        var times = world.Times;
        var settings = new OperatorSettings(SimulatedWorld.ClusterId, times.DriftPeriod, times.ConsistencyWindow, times.DeletionGuard);
        var options = new OperatorOptions { LeaderElect = true, Workers = 4, DriftPeriod = times.DriftPeriod, ConsistencyWindow = times.ConsistencyWindow, QuotaShare = 0.5 };
        _divides = world.Shards.Count > 1;
        var election = _divides
            ? new ShardElection(
                api, SimulatedWorld.LeaseKey, Identity, world.Shards, new LeaderLeaseOptions(), time, random, loggers.CreateLogger(nameof(ShardElection)),
                wrapFence: own => new ProcessFence(Process, own))
            : null;
        _lease = world.HasLease && !_divides
            ? new LeaderLease(
                api, SimulatedWorld.LeaseKey, Identity, new LeaderLeaseOptions(), time, random, loggers.CreateLogger(nameof(LeaderLease)))
            : null;
        IWriteFence? fence = _divides ? new ClosedFence() : _lease is null || world.Without == Repair.WriteFence ? null : new ProcessFence(Process, new LeaseFence(_lease));
        HttpMessageHandler aws = new AwsNetwork(world, this);
        if (world.Without is { } missing)
            aws = new UnrepairedAws(aws, world.Work, missing);
        var clients = new AwsClients(
            RoleSessionName.ForCluster(SimulatedWorld.ClusterId), time: time, inProcess: new InProcessAws(aws, Credentials), fence: fence);
        _operator = new OperatorComposition(
            api, clients, settings, options, time, random, world.NewAttemptId, Identity, new OperatorMetrics(_meter, "simulation"), loggers, fence: fence, election: election);
    }

    /// <summary>Which of the operators it is.</summary>
    public string Name { get; }

    /// <summary>Its name in the lease: another one after each restart.</summary>
    public string Identity { get; }

    /// <summary>The process.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>Its connection to the API server, whose watches can be held back.</summary>
    public ApiConnection Connection { get; }

    /// <summary>Begins to run.</summary>
    public void Start() => Process.Start(() => _ = RunAsync());

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    private async Task RunAsync()
    {
        await _operator.RunAsync(LeadAsync, CancellationToken.None);
        _world.OnOperatorEnded(this, "it came to its end");
    }

    private async Task LeadAsync(CancellationToken stop)
    {
        try
        {
            await (_divides ? _operator.RunShardsAsync(stop) : _lease is null ? _operator.RunControllersAsync(stop, CancellationToken.None) : _lease.RunAsync(_operator.RunControllersAsync, stop));
        }
        catch (Exception e)
        {
            // The process ends here: nothing of it goes on.
            _world.OnOperatorEnded(this, e.Message);
        }

        await new TaskCompletionSource().Task;
    }
}
