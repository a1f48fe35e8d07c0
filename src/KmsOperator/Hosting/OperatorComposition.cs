using System.Diagnostics;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.KeyEvents;
using KmsOperator.Keys.Create;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Http;
using KmsOperator.Observability.Metrics;
using KmsOperator.Observability.Probes;
using KmsOperator.Orphans;
using KmsOperator.Sharding;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Hosting;

/// <summary>Puts the operator's long-lived parts together and runs them. A new kind is one line in <see cref="ReconcilerComposition.Register"/>.</summary>
internal sealed class OperatorComposition
{
    // Ten thousand keys take half an hour, which leaves nearly all of the quotas to the reconciles.
    private static readonly TimeSpan OrphanSearchPause = TimeSpan.FromMilliseconds(200);

    private const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly EventRecorder _events;
    private readonly ResourceCaches _caches;
    private readonly OperatorHealth _health;
    private readonly (string Name, Func<CancellationToken, Task> RunAsync)[] _watches;
    private readonly KindRegistration[] _kinds;
    private readonly Controller[] _controllers;
    private readonly OrphanWatch? _orphans;
    private readonly KeyEventWatch? _keyEvents;
    private readonly ShardWork? _shards;

    public OperatorComposition(
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
        ActivitySource? traces = null,
        IWriteFence? fence = null,
        ShardElection? election = null)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
        _events = new EventRecorder(api, ApiGroup.Name + "/kms-operator", instance, time, loggers.CreateLogger<EventRecorder>());
        _caches = new ResourceCaches(loggers);
        metrics.Observe(_caches.KeyClasses, _caches.ServiceKeys, _caches.KeyReplicas);
        _health = new OperatorHealth(_caches.WhenSynced);
        _watches =
        [
            Watch(ResourceTypes.KeyClasses, _caches.KeyClasses, []),
            Watch(BuiltInTypes.Namespaces, _caches.Namespaces, []),
            Watch(ResourceTypes.ServiceKeys, _caches.ServiceKeys, options.WatchNamespaces),
            Watch(ResourceTypes.KeyReplicas, _caches.KeyReplicas, options.WatchNamespaces),
        ];

        // What is waited for in AWS must not be taken for certain early because somebody sets the clock.
        var steady = new SteadyClock(time);
        var services = NewServices(clients, fence);
        if (election is not null)
        {
            var map = election.Map;
            services = services with { Shards = new ShardTenures(new ResourceShards(map, _caches, services.Classes), map.Count) };
        }

        _kinds = [.. ReconcilerComposition.Register(services), .. ReconcilerComposition.RegisterUnreadable(services, loggers)];
        _controllers = [.. _kinds.Select(NewController)];

        // The keys of namespaces that are not watched would all look orphaned.
        var orphanCount = options.WatchNamespaces.Count > 0 ? null : new OrphanCount(metrics.Meter);
        _orphans = election is null ? NewOrphanWatch(services, isConcerned: null) : null;
        _shards = election is null ? null : new ShardWork(election, services.Shards!, clients, NewServices, NewOrphanWatch, _kinds, steady);
        _keyEvents = options.EventQueues.Count == 0 ? null : new KeyEventWatch(
            options.EventQueues, clients, services, ResourceWaker.Of(services, _kinds), new KeyEventMetrics(metrics.Meter, options.EventQueues.Select(queue => queue.ToString())),
            loggers.CreateLogger<KeyEventWatch>());

        ReconcilerServices NewServices(AwsClients fenced, IWriteFence? own) => ReconcilerComposition.Create(
            api, _events, _caches, fenced, settings, options.Workers, steady, random, newAttemptId, metrics, loggers, own);

        OrphanWatch? NewOrphanWatch(ReconcilerServices own, Func<string, string, bool>? isConcerned) => orphanCount is null ? null : new OrphanWatch(
            new OrphanSearch(new CachedResources(_caches), own.Regions, steady, OrphanSearchPause, isConcerned), _caches, orphanCount, _events, settings, steady,
            loggers.CreateLogger<OrphanWatch>(), isConcerned);

        (string, Func<CancellationToken, Task>) Watch<T>(ResourceType<T> type, ResourceStore<T> store, IReadOnlyList<string> namespaces)
            where T : class, IResource =>
            (type.Plural, new Reflector<T>(
                api, type, store, new ReflectorOptions<T> { Namespaces = namespaces }, time, random, loggers.CreateLogger<Reflector<T>>()).RunAsync);

        Controller NewController(KindRegistration kind) => new(
            kind.Name, kind.Queue, kind.Reconciler,
            new ControllerOptions { Workers = options.Workers, Meter = metrics.Meter, Traces = traces, NewReconcileId = () => NewUuid(random) },
            time, loggers.CreateLogger<Controller>());
    }

    /// <summary>Watches, answers probes and sends events while <paramref name="work"/> runs; ends all of it when that ends or fails.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var stopping = cancellationToken.Register(_health.Stopping);

        // Events are sent longer than the controllers run, so that the last ones get out.
        using var stopEvents = new CancellationTokenSource();
        var events = _events.RunAsync(stopEvents.Token);
        _health.Needs("the sending of events", events);
        var background = new List<Task>();
        foreach (var (name, runAsync) in _watches)
        {
            var watching = runAsync(stop.Token);
            _health.Needs($"the watch of {name}", watching);
            background.Add(watching);
        }

        var working = Task.CompletedTask;
        WebServer? probes = null;
        try
        {
            // While the first lists are on their way.
            probes = _options.HealthAddress == ListenAddress.Nowhere
                ? null
                : await ProbeServer.StartAsync(_options.HealthAddress, _health, _loggers.CreateLogger(typeof(ProbeServer)), cancellationToken);
            working = work(stop.Token);
            _health.Needs("the work of the controllers", working);
            await await Task.WhenAny([working, .. background]);
            await working;
        }
        finally
        {
            // On the caller's thread, so that a test that runs everything on its own can stop the operator.
            stop.Cancel();
            await Task.WhenAll([working, .. background]).ConfigureAwait(Quietly);
            stopEvents.Cancel();
            await events.ConfigureAwait(Quietly);

            // Probes are answered until the end, so that a slow stop is not taken for a dead process.
            await (probes?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Completes when every kind has been listed once.</summary>
    public Task WhenListed => _caches.WhenSynced;

    /// <summary>How many ServiceKeys and KeyReplicas lists have brought so far.</summary>
    public long Listed => _caches.Listed;

    /// <summary>The queues of all kinds.</summary>
    public IReadOnlyList<WorkQueue<NamespacedName>> Queues => [.. _kinds.Select(kind => kind.Queue)];

    /// <summary>Reconciles until cancelled. To be run only while this instance is the leader.</summary>
    /// <param name="cancellationToken">Ends it; the reconciles in progress are finished.</param>
    /// <param name="leaseLost">Cancels the reconciles in progress as well, at once: a successor may start before a grace period is over.</param>
    public async Task RunControllersAsync(CancellationToken cancellationToken, CancellationToken leaseLost)
    {
        await SubscribeAsync(cancellationToken);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leaseLost);
        await Task.WhenAll(
        [
            .. _controllers.Select(controller => controller.RunAsync(cancellationToken, leaseLost)),
            _orphans?.RunAsync(stop.Token) ?? Task.CompletedTask,
            _keyEvents?.RunAsync(stop.Token) ?? Task.CompletedTask,
        ]);
    }

    /// <summary>Reconciles, until cancelled, the resources of the shards that this instance holds.</summary>
    /// <param name="cancellationToken">Ends it; the reconciles in progress are finished.</param>
    public async Task RunShardsAsync(CancellationToken cancellationToken)
    {
        await SubscribeAsync(cancellationToken);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts =
        [
            .. _controllers.Select(controller => controller.RunAsync(stop.Token, CancellationToken.None)),
            _keyEvents?.RunAsync(stop.Token) ?? Task.CompletedTask,
        ];
        try
        {
            await _shards!.RunAsync(stop.Token);
        }
        finally
        {
            stop.Cancel();
            await Task.WhenAll(parts);
        }
    }

    /// <summary>Lets the caches put resources into the queues, once they are filled.</summary>
    private async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        await _caches.WhenSynced.WaitAsync(cancellationToken);
        foreach (var kind in _kinds)
        {
            kind.Subscribe();
        }
    }

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
