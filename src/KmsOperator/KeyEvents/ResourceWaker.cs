using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.KeyEvents;

/// <summary>Lets resources be reconciled, and their keys be compared.</summary>
/// <param name="services">What the kinds share.</param>
/// <param name="keys">Queue of the ServiceKeys.</param>
/// <param name="replicas">Queue of the KeyReplicas.</param>
internal sealed class ResourceWaker(ReconcilerServices services, WorkQueue<NamespacedName> keys, WorkQueue<NamespacedName> replicas)
{
    // Gives KMS time to show the change everywhere, and makes one comparison of the events of a second.
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Lazy<Task>> _passedOn = new(StringComparer.Ordinal);

    /// <summary>The waker of an operator's kinds.</summary>
    public static ResourceWaker Of(ReconcilerServices services, IReadOnlyList<KindRegistration> kinds) => new(
        services, kinds.Single(kind => kind.Name == "servicekey").Queue, kinds.Single(kind => kind.Name == "keyreplica").Queue);

    /// <summary>Wakes a resource, unless it is awake for that already.</summary>
    /// <returns>Ends when the key was compared, or when the instance that has its shard was asked to; and whether the resource was woken by this call.</returns>
    public (Task WhenCompared, bool IsNew) Wake(IKeyResource resource)
    {
        var own = services;
        if (services.Shards is { } shards)
        {
            if (shards.Find(shards.Shards.Of(resource)) is not { } tenure)
            {
                return PassOn(resource);
            }

            own = tenure.Services;
        }

        var (request, isNew) = own.Cache.Requests.Ask(resource.Metadata.Uid!, services.Time.GetUtcNow());
        if (isNew)
        {
            (resource is ServiceKey ? keys : replicas).AddAfter(NamespacedName.Of(resource), Delay);
        }

        return (request.WhenDone, isNew);
    }

    /// <summary>Asks the instance that has the resource's shard. Once the annotation is written, the request cannot be lost any more, whoever has the shard.</summary>
    private (Task WhenAsked, bool IsNew) PassOn(IKeyResource resource)
    {
        var uid = resource.Metadata.Uid!;
        var mine = new Lazy<Task>(() => AskAsync(resource, uid));
        var asked = _passedOn.GetOrAdd(uid, mine);
        return (asked.Value, asked == mine);
    }

    private async Task AskAsync(IKeyResource resource, string uid)
    {
        try
        {
            await Task.Delay(Delay, services.Time);
            var at = services.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = at } } };
            var key = NamespacedName.Of(resource);
            if (resource is ServiceKey)
            {
                await services.Api.MergePatchAsync(ResourceTypes.ServiceKeys, key, patch, null, CancellationToken.None);
            }
            else
            {
                await services.Api.MergePatchAsync(ResourceTypes.KeyReplicas, key, patch, null, CancellationToken.None);
            }
        }
        finally
        {
            _passedOn.TryRemove(uid, out _);
        }
    }
}
