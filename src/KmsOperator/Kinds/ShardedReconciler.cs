using System.Runtime.CompilerServices;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>
/// Reconciles the resources of the shards that this instance holds, each with what the tenure of its shard remembers. The others are dropped: whoever has or
/// gets their shard looks at all of its resources.
/// </summary>
/// <param name="tenures">The shards that this instance holds.</param>
/// <param name="shardOf">The shard of a resource, as the caches show it now; null if it is gone.</param>
/// <param name="make">Makes the kind's reconciler, once for each tenure.</param>
internal sealed class ShardedReconciler(ShardTenures tenures, Func<NamespacedName, int?> shardOf, Func<ReconcilerServices, IReconciler> make) : IReconciler
{
    private readonly ConditionalWeakTable<ShardTenure, IReconciler> _reconcilers = [];

    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (tenures.Find(shardOf(key)) is not { } tenure || !tenure.TryEnter())
        {
            return ReconcileResult.Done;
        }

        try
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tenure.Cut);
            return await _reconcilers.GetValue(tenure, own => make(own.Services)).ReconcileAsync(key, cut.Token);
        }
        catch (OperationCanceledException) when (tenure.Cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return ReconcileResult.Done;
        }
        finally
        {
            tenure.Leave();
        }
    }
}
