using System.Globalization;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;
using KmsOperator.Simulation.Promises;
using KmsOperator.Simulation.Repairs;
using KmsOperator.Simulation.Scheduling;
using KmsOperator.Simulation.Scripts;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.Simulation.Worlds;

/// <summary>One run: the operators, the API server, AWS, the people, and the promises that are held against all of it.</summary>
internal sealed class SimulatedWorld : IDisposable
{
    /// <summary>The operator's <c>--cluster-id</c>.</summary>
    public const string ClusterId = "sim";

    /// <summary>The operators' lease.</summary>
    public static readonly NamespacedName LeaseKey = new("kms-operator-system", "kms-operator");

    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(2);

    private readonly Random _random;
    private readonly IReadOnlyList<IPromise> _promises = Promise.All();
    private readonly Dictionary<string, OperatorProcess> _operators = [];
    private readonly List<OperatorProcess> _ended = [];
    private int _processes;
    private int _runs;
    private int _attempts;
    private bool _changed;

    /// <param name="script">The run.</param>
    /// <param name="keepNotes">Whether the trace keeps its notes.</param>
    /// <param name="without">A repair that the operators lack; null for none.</param>
    public SimulatedWorld(Script script, bool keepNotes, Repair? without = null)
    {
        Without = without;
#pragma warning disable RS0030 // This is where the seed becomes randomness.
        _random = new Random(script.Seed);
#pragma warning restore RS0030
        Trace = new StepTrace(keepNotes);
        Scheduler = new Scheduler(script.Seed, Trace);
        Times = new WorldTimes { StaleReads = TimeSpan.FromSeconds(script.StaleSeconds) };
        HasLease = script.Operators > 1;
        Shards = new ShardMap(script.Shards);
        ApiServer = NewProcess("api");
        Aws = NewProcess("aws");
        People = NewProcess("people");
        Server = new InMemoryApiServer(ApiServer.Time);
        Kms = new KmsService(script.Seed, Times.StaleReads, Aws.Time);
        Cluster = new ClusterTruth(Server);
        Keys = new KeyTruth(Kms);
        History = new WorldHistory(this);
        Users = new ClusterUser(Server);
        StartingPoint.Set(this);
        for (var i = 0; i < script.Operators; i++)
            StartOperator(((char)('A' + i)).ToString());
    }

    /// <summary>The repair that the operators lack; null when they have all.</summary>
    public Repair? Without { get; }

    public Scheduler Scheduler { get; }

    public StepTrace Trace { get; }

    public WorldTimes Times { get; }

    /// <summary>Whether the operators elect a leader, or leaders of shards.</summary>
    public bool HasLease { get; }

    /// <summary>How the operators divide the work; one shard where one of them does all of it.</summary>
    public ShardMap Shards { get; }

    public InMemoryApiServer Server { get; }

    public KmsService Kms { get; }

    /// <summary>What the cluster's objects are.</summary>
    public ClusterTruth Cluster { get; }

    /// <summary>What the keys and aliases are.</summary>
    public KeyTruth Keys { get; }

    /// <summary>What happened that still matters.</summary>
    public WorldHistory History { get; }

    /// <summary>The cluster's users.</summary>
    public ClusterUser Users { get; }

    public CurrentWork Work { get; } = new();

    public FaultRules AwsFaults { get; } = new();

    public FaultRules ApiFaults { get; } = new();

    public Triggers Triggers { get; } = new();

    /// <summary>Whether nobody reaches the API server.</summary>
    public bool IsApiServerDown { get; set; }

    /// <summary>A backup of the API server's store.</summary>
    public StoreSnapshot? Backup { get; set; }

    public SimulatedProcess ApiServer { get; }

    public SimulatedProcess Aws { get; }

    public SimulatedProcess People { get; }

    /// <summary>The operators that run.</summary>
    public IReadOnlyCollection<OperatorProcess> Operators => _operators.Values;

    /// <summary>The first promise that was broken; null while none is.</summary>
    public string? Failure { get; private set; }

    /// <summary>The time.</summary>
    public DateTimeOffset Now => ApiServer.Time.GetUtcNow();

    public SimulatedProcess NewProcess(string name) => new(Scheduler, _processes++, name);

#pragma warning disable RS0030 // Each part has a sequence of its own, from the run's seed.
    public Random NewRandom() => new(_random.Next());
#pragma warning restore RS0030

    /// <summary>How long a message takes.</summary>
    public TimeSpan Latency() => TimeSpan.FromMilliseconds(1 + _random.Next(30));

    public string NewAttemptId() => string.Create(CultureInfo.InvariantCulture, $"attempt-{++_attempts}");

    /// <summary>Starts an operator.</summary>
    public void StartOperator(string name)
    {
        var started = new OperatorProcess(this, name, ++_runs);
        _operators[name] = started;
        Trace.Note("world", $"{started.Identity} starts");
        started.Start();
    }

    /// <summary>The operator of a name, if it runs.</summary>
    public OperatorProcess? Operator(string name) => _operators.GetValueOrDefault(name);

    /// <summary>An operator dies; Kubernetes starts it again.</summary>
    public void Kill(OperatorProcess dead)
    {
        if (!dead.Process.IsAlive)
            return;
        dead.Process.Kill();
        _operators.Remove(dead.Name);
        _ended.Add(dead);
        People.Deliver(Restart, () => StartOperator(dead.Name));
    }

    /// <summary>An operator has ended by itself.</summary>
    public void OnOperatorEnded(OperatorProcess ended, string why)
    {
        Trace.Note(ended.Identity, $"ends: {why}");
        Kill(ended);
    }

    /// <summary>An operator sends something to AWS that changes it.</summary>
    public void OnAwsWriteSent(OperatorProcess sender, AwsCall call) => Hold(promise => promise.AtSend(this, sender, call));

    /// <summary>It arrives there.</summary>
    public void OnAwsWriteArrives(OperatorProcess sender, AwsCall call) => Hold(promise => promise.BeforeEffect(this, sender, call));

    /// <summary>It has had its effect, or was refused.</summary>
    public void OnAwsChanged(OperatorProcess sender, AwsCall call, bool accepted)
    {
        History.OnOperatorWrite(sender, call, accepted);
        _changed = true;
    }

    /// <summary>The API server has carried something out.</summary>
    public void OnApiChanged() => _changed = true;

    /// <summary>Runs until a time, or until a promise is broken.</summary>
    public void RunUntil(TimeSpan time)
    {
        var until = time.Ticks;
        while (Failure is null && Scheduler.Step(until))
        {
            if (_changed)
                CheckAlways();
        }
    }

    /// <summary>Holds the promises about each state.</summary>
    public void CheckAlways()
    {
        _changed = false;
        History.Observe();
        Hold(promise => promise.Always(this));
    }

    /// <summary>Holds the promises about the end.</summary>
    /// <returns>What is not yet as it must be; null when everything is.</returns>
    public string? CheckEnd()
    {
        foreach (var promise in _promises)
        {
            if (promise.InTheEnd(this) is { } open)
                return $"{promise.Statement} {open}";
        }

        return null;
    }

    /// <summary>
    /// Kubernetes deletes a KeyReplica whose ServiceKey is gone, since an operator's request to make one may arrive after that. Where people took finalizers off, the KeyReplica stays here:
    /// whether its key was to be deleted nobody can tell. A namespace that is being deleted goes when it is empty.
    /// </summary>
    public void CollectGarbage()
    {
        var owners = Cluster.ServiceKeys.Select(key => key.Metadata.Uid).ToHashSet();
        foreach (var left in Cluster.KeyReplicas.Where(replica =>
            replica.Metadata is { DeletionTimestamp: null, OwnerReferences: { Count: > 0 } references } && !references.Any(owner => owners.Contains(owner.Uid) || History.IsExcused($"{owner.Kind}/{replica.Metadata.Namespace}/{owner.Name}"))).ToArray())
        {
            Trace.Note("garbage", $"collects {ClusterTruth.PathOf(left)}");
            Users.Delete(KeyReplica.KindName, new NamespacedName(left.Metadata.Namespace!, left.Metadata.Name!));
        }

        Server.FinalizeNamespaces();
    }

    /// <summary>A promise is broken.</summary>
    public void Fail(string what)
    {
        Failure ??= what;
        Trace.Note("promise", what);
    }

    /// <summary>When the last slow call arrives in AWS, as time since the start.</summary>
    public TimeSpan SlowCallsUntil { get; set; }

    /// <summary>Faults stop, and everybody runs.</summary>
    public void Calm()
    {
        AwsFaults.Clear();
        ApiFaults.Clear();
        Triggers.Clear();
        IsApiServerDown = false;
        foreach (var running in _operators.Values)
        {
            running.Process.Resume();
            running.Connection.HoldsWatches = false;
            running.Connection.WatchLag = TimeSpan.Zero;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var process in _operators.Values.Concat(_ended))
            process.Dispose();
        Kms.Dispose();
    }

    private void Hold(Func<IPromise, string?> check)
    {
        foreach (var promise in _promises)
        {
            if (check(promise) is { } broken)
                Fail($"{promise.Statement} {broken}");
        }
    }
}
