using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

public sealed class KubernetesApi : IKubernetesApi, IDisposable
{
    public static KubernetesApi Connect(string userAgent, TimeProvider time, string? kubeconfig = null) => throw new NotImplementedException();
    public Task<T?> GetAsync<T>(ResourceType<T> type, ResourceKey key, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public Task<ResourceList<T>> ListPageAsync<T>(ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public Task<T> MergePatchAsync<T>(ResourceType<T> type, ResourceKey key, JsonObject patch, string? subresource, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public Task<T> ApplyAsync<T>(ResourceType<T> type, ResourceKey key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public Task<bool> DeleteAsync<T>(ResourceType<T> type, ResourceKey key, string? uid, string? resourceVersion, CancellationToken cancellationToken) where T : class, IResource => throw new NotImplementedException();
    public void Dispose() { }
}
