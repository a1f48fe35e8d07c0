using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kinds;
using Microsoft.Extensions.Logging;

namespace KmsOperator.KeyEvents;

/// <summary>Reads the event queues of <c>--event-queue</c>, so that keys that somebody else changes are compared within seconds.</summary>
internal sealed class KeyEventWatch
{
    private readonly IReadOnlyList<QueueUrl> _queues;
    private readonly AwsClients _clients;
    private readonly ReconcilerServices _services;
    private readonly ResourceWaker _waker;
    private readonly KeyEventDecision _decision;
    private readonly KeyEventMetrics _metrics;
    private readonly string _sessionName;
    private readonly ILogger _logger;

    /// <summary>A watch that reads nothing yet.</summary>
    /// <param name="queues">The queues.</param>
    /// <param name="clients">Makes their clients.</param>
    /// <param name="services">What the kinds share.</param>
    /// <param name="waker">Wakes resources.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="logger">Told of changes by others, and of queues that cannot be read.</param>
    public KeyEventWatch(IReadOnlyList<QueueUrl> queues, AwsClients clients, ReconcilerServices services, ResourceWaker waker, KeyEventMetrics metrics, ILogger<KeyEventWatch> logger)
    {
        (_queues, _clients, _services, _waker, _metrics, _logger) = (queues, clients, services, waker, metrics, logger);
        _sessionName = RoleSessionName.ForCluster(services.Settings.ClusterId);
        var index = new OwnershipIndex(services.Caches.ServiceKeys, services.Caches.KeyReplicas, services.Classes);
        IReadOnlyList<IKeyResource> Holders(KmsName name) => name.IsAlias ? index.AliasHolders(name.Location, name.Name) : index.KeyHolders(name.Location.Region, name.Name);
        _decision = new KeyEventDecision(Holders, services.Settings.ConsistencyWindow);
    }

    /// <summary>Reads until cancelled. To be run only while this instance is the leader.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_queues.Select(queue => ReadAsync(queue, cancellationToken)));

    private async Task ReadAsync(QueueUrl url, CancellationToken cancellationToken)
    {
        using var queue = new EventQueue(_clients.CreateQueueClient(url), url);
        var handler = new KeyEventHandler(queue.Url, _decision, _waker, _metrics, _services.Time, _logger);
        var ambient = new AwsAccess(null, null, url.Region);
        await new KeyEventReader(queue, handler, FindPrincipalsAsync, _metrics, _services.Time, _services.Random, _logger).RunAsync(cancellationToken);

        async Task<OperatorPrincipals> FindPrincipalsAsync(CancellationToken token)
        {
            // STS is asked once per process.
            var identity = await _services.Regions.GetIdentityAsync(ambient, DateTimeOffset.MinValue, token);
            return OperatorPrincipals.Of(identity.Arn, _services.Caches.KeyClasses.List(), _sessionName);
        }
    }
}
