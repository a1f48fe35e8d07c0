using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Keys.Delete;

/// <summary>Compares a cached resource with the server's, before something is done that cannot be undone.</summary>
internal static class LiveCheck
{
    private static readonly string[] DeletionAnnotations = [AnnotationNames.DeletionProtection, AnnotationNames.ConfirmDeletion];

    /// <summary>Whether the server has the resource as the cache has it: the same spec, and the same annotations about deletion.</summary>
    public static async Task<bool> IsCurrentAsync<T>(this IKubernetesApi api, ResourceType<T> type, T cached, CancellationToken cancellationToken)
        where T : class, IResource =>
        await api.GetAsync(type, NamespacedName.Of(cached), cancellationToken) is { } live
        && live.Metadata.Uid == cached.Metadata.Uid
        && live.Metadata.Generation == cached.Metadata.Generation
        && DeletionAnnotations.All(name => live.Metadata.Annotations?.GetValueOrDefault(name) == cached.Metadata.Annotations?.GetValueOrDefault(name));
}
