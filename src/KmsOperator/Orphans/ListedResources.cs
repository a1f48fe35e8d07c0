using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Orphans;

/// <summary>The cluster's resources as the API server lists them, page by page.</summary>
internal sealed class ListedResources(IKubernetesApi api) : IClusterResources
{
    private const int PageSize = 100;

    /// <inheritdoc />
    public async Task<(IReadOnlyList<KeyClass> Items, IReadOnlyList<UnreadableObject> Unreadable)> ReadClassesAsync(CancellationToken cancellationToken) =>
        await ReadAsync(ResourceTypes.KeyClasses, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<KnownResource>> ReadOwnersAsync(CancellationToken cancellationToken)
    {
        var (keys, unreadableKeys) = await ReadAsync(ResourceTypes.ServiceKeys, cancellationToken);
        var (replicas, unreadableReplicas) = await ReadAsync(ResourceTypes.KeyReplicas, cancellationToken);
        return
        [
            .. keys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. unreadableKeys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. replicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
            .. unreadableReplicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
        ];
    }

    private async Task<(List<T> Items, List<UnreadableObject> Unreadable)> ReadAsync<T>(ResourceType<T> type, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var items = new List<T>();
        var unreadable = new List<UnreadableObject>();
        string? token = null;
        do
        {
            var page = await api.ListPageAsync(type, null, PageSize, token, cancellationToken);
            items.AddRange(page.Items);
            unreadable.AddRange(page.Unreadable);
            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));

        return (items, unreadable);
    }
}
