using KmsOperator.Api;
using KmsOperator.Kinds;

namespace KmsOperator.Orphans;

/// <summary>The cluster's resources as the operator's watches brought them. Reading them makes no request.</summary>
internal sealed class CachedResources(ResourceCaches caches) : IClusterResources
{
    /// <inheritdoc />
    public Task<(IReadOnlyList<KeyClass> Items, IReadOnlyList<UnreadableObject> Unreadable)> ReadClassesAsync(CancellationToken cancellationToken) =>
        Task.FromResult((caches.KeyClasses.List(), caches.KeyClasses.Unreadable));

    /// <inheritdoc />
    public Task<IReadOnlyList<KnownResource>> ReadOwnersAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<KnownResource>>(
    [
        .. caches.ServiceKeys.List().Select(key => KnownResource.Of(ServiceKey.KindName, key)),
        .. caches.ServiceKeys.Unreadable.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
        .. caches.KeyReplicas.List().Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
        .. caches.KeyReplicas.Unreadable.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
    ]);
}
