using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Orphans;

/// <summary>Reads all objects of a kind, page by page.</summary>
internal static class ResourceListing
{
    private const int PageSize = 100;

    /// <summary>All objects of a kind in all namespaces.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The objects, and those of which only the metadata could be read.</returns>
    public static async Task<(List<T> Items, List<UnreadableObject> Unreadable)> ReadAsync<T>(
        IKubernetesApi api, ResourceType<T> type, CancellationToken cancellationToken)
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

    /// <summary>What all ServiceKeys and KeyReplicas know of their keys.</summary>
    public static async Task<List<KnownResource>> ReadOwnersAsync(IKubernetesApi api, CancellationToken cancellationToken)
    {
        var (keys, unreadableKeys) = await ReadAsync(api, ResourceTypes.ServiceKeys, cancellationToken);
        var (replicas, unreadableReplicas) = await ReadAsync(api, ResourceTypes.KeyReplicas, cancellationToken);
        return
        [
            .. keys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. unreadableKeys.Select(key => KnownResource.Of(ServiceKey.KindName, key)),
            .. replicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
            .. unreadableReplicas.Select(replica => KnownResource.Of(KeyReplica.KindName, replica)),
        ];
    }
}
