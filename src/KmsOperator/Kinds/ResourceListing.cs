using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>Lists objects once, for verbs that look and end.</summary>
internal static class ResourceListing
{
    private const int PageSize = 100;

    /// <summary>All objects of a kind in all namespaces, page by page.</summary>
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
}
