namespace KmsOperator.Kubernetes;

/// <summary>Makes the world outside match what one object describes.</summary>
public interface IReconciler
{
    /// <summary>Reads the object as it is now (it may have been deleted) and does what is missing.</summary>
    /// <param name="key">The object's name. No other worker of the controller has the same one at the same time.</param>
    /// <param name="cancellationToken">Cancelled only when the grace period of a stop is over.</param>
    /// <returns>When to reconcile again. An exception is logged, and the object is reconciled again with backoff.</returns>
    ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);
}

/// <summary>When to reconcile an object again.</summary>
public readonly record struct ReconcileResult
{
    private ReconcileResult(bool retry, TimeSpan? after) => (IsRetry, After) = (retry, after);

    /// <summary>Reconcile again when something changes. Resets the backoff.</summary>
    public static ReconcileResult Done => default;

    /// <summary>Reconcile again after this object's backoff, which grows with each retry.</summary>
    public static ReconcileResult Retry => new(true, null);

    /// <summary>Whether the backoff applies.</summary>
    public bool IsRetry { get; }

    /// <summary>Whether the backoff begins anew: what failed before is over, and something else fails now.</summary>
    public bool ForgetsFailures { get; init; }

    /// <summary>The delay before the next reconciliation; null if there is none.</summary>
    public TimeSpan? After { get; }

    /// <summary>
    /// What this reconciliation says about the other objects of the same flow in the queue.
    /// </summary>
    public FlowOutcome FlowOutcome { get; init; }

    /// <summary>Reconcile again after <paramref name="delay"/>, or earlier if something changes. Resets the backoff.</summary>
    public static ReconcileResult RequeueAfter(TimeSpan delay) => new(false, delay);
}
