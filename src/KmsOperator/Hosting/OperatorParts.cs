using System.Diagnostics;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>The operator's long-lived parts, wired to each other.</summary>
internal sealed class OperatorParts
{
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly EventRecorder _events;
    private readonly (string Name, Func<CancellationToken, Task> RunAsync)[] _reflectors;
    private readonly Task _synced;
    private readonly OperatorHealth _health;
    private readonly ActivitySource? _traces;
    private readonly Func<string> _newReconcileId;
    private readonly Triggers _triggers;
    private readonly Controller[] _controllers;
    private readonly OperatorMetrics _metrics;

    public OperatorParts(
        IKubernetesApi api,
        AwsClients clients,
        OperatorSettings settings,
        OperatorOptions options,
        TimeProvider time,
        Random random,
        NewAttemptId newAttemptId,
        string instance,
        OperatorMetrics metrics,
        ILoggerFactory loggers,
        ActivitySource? traces = null)
    {
        _traces = traces;
        _newReconcileId = () => NewUuid(random);
        _metrics = metrics;
        _options = options;
        _time = time;
        _loggers = loggers;
        _events = new EventRecorder(api, ApiGroup.Name + "/kms-operator", instance, time, loggers.CreateLogger<EventRecorder>());

        var classes = new ResourceStore<KeyClass>(loggers.CreateLogger<ResourceStore<KeyClass>>());
        var namespaces = new ResourceStore<Namespace>(loggers.CreateLogger<ResourceStore<Namespace>>());
        var keys = OwnershipIndex.Index(new ResourceStore<ServiceKey>(loggers.CreateLogger<ResourceStore<ServiceKey>>()));
        var replicas = OwnershipIndex.Index(new ResourceStore<KeyReplica>(loggers.CreateLogger<ResourceStore<KeyReplica>>()));
        _reflectors =
        [
            Reflect(api, ResourceTypes.KeyClasses, classes, [], random),
            Reflect(api, BuiltInTypes.Namespaces, namespaces, [], random),
            Reflect(api, ResourceTypes.ServiceKeys, keys, options.WatchNamespaces, random),
            Reflect(api, ResourceTypes.KeyReplicas, replicas, options.WatchNamespaces, random),
        ];
        metrics.Observe(classes, keys, replicas);
        _synced = Task.WhenAll(classes.WhenSynced, namespaces.WhenSynced, keys.WhenSynced, replicas.WhenSynced);
        _health = new OperatorHealth(_synced);

        var cache = new ReconcileCache();
        var claims = new AliasReservations();
        var regions = new RegionalClientFactory(clients, time, settings.ConsistencyWindow);
        var directory = new ClassDirectory(classes, namespaces);
        var holders = new OwnershipIndex(keys, replicas, directory);
        var settlement = new PendingCreateRecovery(settings);
        var creation = new KeyCreation(regions, settlement, new KeyAdoption(claims, holders), claims, holders, settings, newAttemptId);
        var accounts = new AccountCheck(regions);
        var schedule = new ComparisonSchedule(settings, random);
        var execution = new PlanExecution(new KeyRotation(settings), claims, holders, schedule, settings, metrics, loggers.CreateLogger<PlanExecution>());
        var lifecycle = new KeyLifecycle(regions, accounts, creation, execution, schedule, settings);
        var deletion = new KeyDeletion(regions, accounts, settlement, cache, settings, loggers.CreateLogger<KeyDeletion>());
        var publisher = new Publisher(api);

        var classQueue = new WorkQueue<NamespacedName>(time, random);
        var groups = new FairQueuing(keys, replicas);

        // No class has the last quarter: it is seen only after seconds that an account does not answer.
        var maxWorkersPerFlow = options.Workers - (options.Workers / 4);
        var keyQueue = new WorkQueue<NamespacedName>(time, random, flowOf: groups.OfKey, maxWorkersPerFlow: maxWorkersPerFlow);
        var replicaQueue = new WorkQueue<NamespacedName>(time, random, flowOf: groups.OfReplica, maxWorkersPerFlow: maxWorkersPerFlow);
        _triggers = new Triggers(classes, namespaces, keys, replicas, cache, claims, time)
        {
            ClassQueue = classQueue,
            KeyQueue = keyQueue,
            ReplicaQueue = replicaQueue,
        };
        _controllers =
        [
            Control("keyclass", classQueue, new KeyClassReconciler(
                api, _events, time, ResourceTypes.KeyClasses, classes, directory, regions, settings)),
            Control("servicekey", keyQueue, new ServiceKeyReconciler(
                api, _events, time, ResourceTypes.ServiceKeys, keys, directory, holders, lifecycle, deletion,
                new ReplicaResources(api, ResourceTypes.KeyReplicas, replicas, settings), publisher, cache, settings)),
            Control("keyreplica", replicaQueue, new KeyReplicaReconciler(
                api, _events, time, ResourceTypes.KeyReplicas, replicas, keys, directory, regions, lifecycle, deletion, publisher, cache, settings)),
        ];
    }

    /// <summary>Watches, serves probes and sends events while <paramref name="work"/> runs; ends all of it when that ends or fails.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var stopping = cancellationToken.Register(_health.Stopping);

        // Probes are answered to the very end, so that a slow stop is not taken for a dead process.
        await using var probes = _options.HealthAddress == ListenAddress.Nowhere
            ? null
            : await ProbeServer.StartAsync(_options.HealthAddress, _health, _loggers.CreateLogger(typeof(ProbeServer)), cancellationToken);

        // Events outlive the controllers, so that their last ones are sent.
        using var stopEvents = new CancellationTokenSource();
        var events = _events.RunAsync(stopEvents.Token);
        _health.Needs("the sending of events", events);
        var background = new List<Task>();
        foreach (var (name, runAsync) in _reflectors)
        {
            var watching = runAsync(stop.Token);
            _health.Needs($"the watch of {name}", watching);
            background.Add(watching);
        }

        var working = work(stop.Token);
        _health.Needs("the work of the controllers", working);
        try
        {
            await await Task.WhenAny([working, .. background]);
            await working;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll([working, .. background]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stopEvents.CancelAsync();
            await events.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reconciles until cancelled; run only while leading.</summary>
    /// <param name="cancellationToken">Ends it; what is in hand is finished.</param>
    /// <param name="leaseLost">Ends also what is in hand, at once: a successor may start before a grace period is over.</param>
    public async Task RunControllersAsync(CancellationToken cancellationToken, CancellationToken leaseLost)
    {
        await _synced.WaitAsync(cancellationToken);
        _triggers.Subscribe();
        await Task.WhenAll(_controllers.Select(controller => controller.RunAsync(cancellationToken, leaseLost)));
    }

    private (string Name, Func<CancellationToken, Task> RunAsync) Reflect<T>(
        IKubernetesApi api, ResourceType<T> type, ResourceStore<T> store, IReadOnlyList<string> namespaces, Random random)
        where T : class, IResource =>
        (type.Plural, new Reflector<T>(
            api, type, store, new ReflectorOptions<T> { Namespaces = namespaces }, _time, random, _loggers.CreateLogger<Reflector<T>>()).RunAsync);

    private Controller Control(string name, WorkQueue<NamespacedName> queue, IReconciler reconciler) =>
        new(
            name, queue, reconciler,
            new ControllerOptions { Workers = _options.Workers, Meter = _metrics.Meter, Traces = _traces, NewReconcileId = _newReconcileId },
            _time, _loggers.CreateLogger<Controller>());

    /// <summary>A random UUID (RFC 9562, version 4), as controller-runtime's <c>reconcileID</c> is.</summary>
    private static string NewUuid(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (random)
        {
            random.NextBytes(bytes);
        }

        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
