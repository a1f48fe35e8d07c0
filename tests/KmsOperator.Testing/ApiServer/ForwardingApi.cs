using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>An API server that forwards every call to another one, for tests that change what one call does.</summary>
internal abstract class ForwardingApi(IKubernetesApi inner) : IKubernetesApi
{
    public virtual Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource => inner.GetAsync(type, key, cancellationToken);

    public virtual Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource => inner.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);

    public virtual IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken)
        where T : class, IResource => inner.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken);

    public virtual Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource => inner.CreateAsync(type, resource, cancellationToken);

    public virtual Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource => inner.MergePatchAsync(type, key, patch, subresource, cancellationToken);

    public virtual Task<T> ApplyAsync<T>(
        ResourceType<T> type,
        NamespacedName key,
        JsonObject body,
        string fieldManager,
        string? subresource,
        bool force,
        CancellationToken cancellationToken)
        where T : class, IResource => inner.ApplyAsync(type, key, body, fieldManager, subresource, force, cancellationToken);

    public virtual Task<T?> TryApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource => inner.TryApplyAsync(type, key, body, fieldManager, subresource, cancellationToken);

    public virtual Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource => inner.DeleteAsync(type, key, uid, resourceVersion, cancellationToken);
}
