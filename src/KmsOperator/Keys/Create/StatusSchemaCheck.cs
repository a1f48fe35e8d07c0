using System.Collections.Concurrent;
using KmsOperator.Api;
using KmsOperator.Keys.Context;

namespace KmsOperator.Keys.Create;

/// <summary>
/// Makes sure, before the first key of a kind is created, that the CRD can hold the status that follows. Under CRDs that are older than the operator
/// a key would be created whose id cannot be stored.
/// </summary>
internal sealed class StatusSchemaCheck
{
    private readonly ConcurrentDictionary<string, Task> _checks = new();

    /// <summary>Asks the server by a dry run, once for each kind.</summary>
    /// <exception cref="Kubernetes.KubernetesApiException">The CRD lacks a field, or the resource has changed. No key may be created.</exception>
    public async Task CheckAsync<T>(ReconcileContext<T> context, KeyStatus status, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var check = _checks.GetOrAdd(typeof(T).Name, _ => context.CheckStatusAsync(status, cancellationToken));
        try
        {
            await check;
        }
        catch
        {
            _checks.TryRemove(KeyValuePair.Create(typeof(T).Name, check));
            throw;
        }
    }

    /// <summary>Asks again before the next key: the server has refused a status.</summary>
    public void Forget<T>()
        where T : class, IKeyResource => _checks.TryRemove(typeof(T).Name, out _);
}
