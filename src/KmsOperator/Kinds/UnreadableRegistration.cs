using KmsOperator.Api;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kinds;

/// <summary>What makes the operator look at a resource that it cannot read: every change of it.</summary>
internal static class UnreadableRegistration
{
    /// <summary>Registers the resources of a kind that cannot be read. They have a queue of their own, so that many of them hold up nobody.</summary>
    /// <param name="services">What the kinds share.</param>
    /// <param name="type">The kind.</param>
    /// <param name="store">Its resources.</param>
    /// <param name="loggers">For what cannot be written.</param>
    public static KindRegistration Create<T>(ReconcilerServices services, ResourceType<T> type, IResourceStore<T> store, ILoggerFactory loggers)
        where T : class, IResource
    {
        // Such an object may be large, and the API server reads and writes all of it for each patch. One at a time is enough.
        var queue = new WorkQueue<NamespacedName>(services.Time, services.Random, flowOf: _ => "", maxWorkersPerFlow: 1, accepts: services.OwnOnly(ShardOf));
        return new KindRegistration(
            $"unreadable-{type.Kind.ToLowerInvariant()}",
            queue,
            services.NewReconciler(
                ShardOf, own => new UnreadableReconciler<T>(own.Api, own.Events, own.Time, type, store, own.Fence, loggers.CreateLogger<UnreadableReconciler<T>>())),
            () => store.SubscribeUnreadable(change => queue.Add(change.Key)),
            () => store.Unreadable.Select(NamespacedName.Of));

        static int? ShardOf(ResourceShards shards, NamespacedName key) => shards.OfUnreadable(key);
    }
}
