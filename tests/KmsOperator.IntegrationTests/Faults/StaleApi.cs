using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.Runtime;
using KmsOperator.Kubernetes;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// An API server that is behind, as one behind a lagging etcd member is: lists are those of an earlier moment, and watches say
/// nothing, until <see cref="CatchUp"/>. Reads of single objects and writes are live.
/// </summary>
internal sealed class StaleApi(IKubernetesApi inner) : ForwardingApi(inner)
{
    private readonly ConcurrentDictionary<string, object> _lists = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps the present lists of a namespace.</summary>
    public async Task RememberAsync(string @namespace)
    {
        _lists[ServiceKey.KindName] = await base.ListPageAsync(ResourceTypes.ServiceKeys, @namespace, 500, null, CancellationToken.None);
        _lists[KeyReplica.KindName] = await base.ListPageAsync(ResourceTypes.KeyReplicas, @namespace, 500, null, CancellationToken.None);
    }

    /// <summary>The watches go on from the old lists.</summary>
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
        }

        await foreach (var change in base.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken))
        {
            yield return change;
        }
    }
}
