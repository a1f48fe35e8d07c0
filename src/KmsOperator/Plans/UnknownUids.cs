using KmsOperator.Api;
using KmsOperator.Keys.Classes;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Plans.Cluster;

namespace KmsOperator.Plans;

/// <summary>Gives resources that no API server has seen the uid that the tags of their keys name, before they are looked at.</summary>
/// <param name="cluster">The plan's cluster.</param>
/// <param name="tags">Finds uids in tags.</param>
/// <param name="clusterId">The cluster id.</param>
internal sealed class UnknownUids(PlanCluster cluster, OwnerTags tags, string clusterId)
{
    private readonly ClassDirectory _classes = new(cluster.Caches.KeyClasses, cluster.Caches.Namespaces);

    /// <summary>For a ServiceKey.</summary>
    public async Task ResolveAsync(ServiceKey key, CancellationToken cancellationToken)
    {
        if (PlanCluster.IsPlanned(key) && SpecValidation.Validate(key).Count == 0 && _classes.Find(key.Spec.ClassName) is { Status.AccountId: not null } keyClass
            && await tags.FindUidAsync(key, keyClass, clusterId, cancellationToken) is { } uid)
        {
            cluster.SetUid(ResourceTypes.ServiceKeys, key, uid);
        }
    }

    /// <summary>For a KeyReplica, once its primary was looked at.</summary>
    public async Task ResolveAsync(KeyReplica replica, CancellationToken cancellationToken)
    {
        if (!PlanCluster.IsPlanned(replica) || SpecValidation.Validate(replica).Count > 0)
        {
            return;
        }

        var primary = replica.Spec.PrimaryRef is { } reference
            && cluster.Caches.ServiceKeys.TryGet(new NamespacedName(replica.Metadata.Namespace ?? "", reference.Name), out var found) ? found : null;
        var keyId = primary?.Status?.KeyId ?? replica.Spec.PrimaryKeyArn?.Split('/')[^1];
        if (keyId is not null && _classes.Find(primary?.Spec.ClassName ?? replica.Spec.ClassName) is { Status.AccountId: not null } keyClass
            && await tags.FindUidAsync(replica, keyId, keyClass, clusterId, cancellationToken) is { } uid)
        {
            cluster.SetUid(ResourceTypes.KeyReplicas, replica, uid);
        }
    }
}
