using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using KmsOperator.Api;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Faults;

/// <summary>
/// An API server that is behind, as one behind a lagging etcd member is: lists are those of an earlier moment, and watches say
/// nothing, until <see cref="CatchUp"/>. Reads of single objects and writes are live.
/// </summary>
/// <param name="inner">The server as it is.</param>
/// <param name="forgets">Whether what happened meanwhile is never told: the watch expires, and only a new list shows what is there.</param>
internal sealed class StaleApi(IKubernetesApi inner, bool forgets = false) : ForwardingApi(inner)
{
    private readonly ConcurrentDictionary<string, object> _lists = new();
    private readonly ConcurrentDictionary<string, bool> _expired = new();
    private readonly TaskCompletionSource _caughtUp = new();

    /// <summary>Keeps the present lists of a namespace's ServiceKeys and KeyReplicas.</summary>
    public async Task RememberAsync(string @namespace)
    {
        await RememberAsync(ResourceTypes.ServiceKeys, @namespace);
        await RememberAsync(ResourceTypes.KeyReplicas, @namespace);
    }

    /// <summary>Keeps the present list of one kind.</summary>
    public async Task RememberAsync<T>(ResourceType<T> type, string? @namespace)
        where T : class, IResource
    {
        var items = new List<T>();
        ResourceList<T>? page = null;
        do
        {
            page = await base.ListPageAsync(type, @namespace, 500, page?.Metadata.Continue, CancellationToken.None);
            items.AddRange(page.Items);
        }
        while (!string.IsNullOrEmpty(page.Metadata.Continue));
        _lists[type.Kind] = new ResourceList<T> { Items = items, Metadata = new ListMeta { ResourceVersion = page.Metadata.ResourceVersion } };
    }

    /// <summary>The watches go on from the old lists, or expire.</summary>
    public void CatchUp() => _caughtUp.TrySetResult();

    public override Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken) =>
        _lists.TryGetValue(type.Kind, out var list) && !_caughtUp.Task.IsCompleted
            ? Task.FromResult((ResourceList<T>)list)
            : base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_lists.ContainsKey(type.Kind))
        {
            await _caughtUp.Task.WaitAsync(cancellationToken);
            if (forgets && _expired.TryAdd(type.Kind, true))
            {
                throw new KubernetesApiException(HttpStatusCode.Gone, "Expired", "too old resource version", null);
            }
        }

        await foreach (var change in base.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken))
        {
            yield return change;
        }
    }
}
