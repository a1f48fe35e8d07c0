using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Orphans;

/// <summary>The cluster's resources as the API server lists them, page by page.</summary>
internal sealed class ListedResources(IKubernetesApi api) : IClusterResources
{
    /// <inheritdoc />
    public async Task<(IReadOnlyList<KeyClass> Items, IReadOnlyList<UnreadableObject> Unreadable)> ReadClassesAsync(CancellationToken cancellationToken) =>
        await ResourceListing.ReadAsync(api, ResourceTypes.KeyClasses, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<KnownResource>> ReadOwnersAsync(CancellationToken cancellationToken)
    {
        var (keys, unreadableKeys) = await ResourceListing.ReadAsync(api, ResourceTypes.ServiceKeys, cancellationToken);
        var (replicas, unreadableReplicas) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyReplicas, cancellationToken);
        return
        [
            .. keys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. unreadableKeys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. replicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
            .. unreadableReplicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
        ];
    }
}
