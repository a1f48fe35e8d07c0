using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.KeyEvents;

/// <summary>Lets resources be reconciled, and their keys be compared.</summary>
/// <param name="requests">The comparisons that were asked for.</param>
/// <param name="keys">Queue of the ServiceKeys.</param>
/// <param name="replicas">Queue of the KeyReplicas.</param>
/// <param name="time">The clock.</param>
internal sealed class ResourceWaker(ComparisonRequests requests, WorkQueue<NamespacedName> keys, WorkQueue<NamespacedName> replicas, TimeProvider time)
{
    // Gives KMS time to show the change everywhere, and makes one comparison of the events of a second.
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    /// <summary>The waker of an operator's kinds.</summary>
    public static ResourceWaker Of(ReconcilerServices services, IReadOnlyList<KindRegistration> kinds) => new(
        services.Cache.Requests, kinds.Single(kind => kind.Name == "servicekey").Queue, kinds.Single(kind => kind.Name == "keyreplica").Queue, services.Time);

    /// <summary>Wakes a resource, unless it is awake for that already.</summary>
    /// <returns>Ends when the key was compared, and whether the resource was woken by this call.</returns>
    public (Task WhenCompared, bool IsNew) Wake(IKeyResource resource)
    {
        var (request, isNew) = requests.Ask(resource.Metadata.Uid!, time.GetUtcNow());
        if (isNew)
        {
            (resource is ServiceKey ? keys : replicas).AddAfter(NamespacedName.Of(resource), Delay);
        }

        return (request.WhenDone, isNew);
    }
}
