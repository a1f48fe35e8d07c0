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
    private ReconcileResult(string? retryReason, TimeSpan? after) => (RetryReason, After) = (retryReason, after);

    /// <summary>Reconcile again when something changes. Resets the backoff.</summary>
    public static ReconcileResult Done => default;

    /// <summary>Reconcile again after this object's backoff: somebody changed something meanwhile, so that nothing is known to be wrong.</summary>
    public static ReconcileResult Retry => RetryFor("");

    /// <summary>Why the backoff applies; null where it does not. Each reason has a backoff of its own.</summary>
    public string? RetryReason { get; }

    /// <summary>The delay before the next reconciliation; null if there is none.</summary>
    public TimeSpan? After { get; }

    /// <summary>
    /// What this reconciliation says about the other objects of the same flow in the queue.
    /// </summary>
    public FlowOutcome FlowOutcome { get; init; }

    /// <summary>Reconcile again after <paramref name="delay"/>, or earlier if something changes. Resets the backoff.</summary>
    public static ReconcileResult RequeueAfter(TimeSpan delay) => new(null, delay);

    /// <summary>Reconcile again after this object's backoff, which grows with each retry for the same reason.</summary>
    /// <param name="reason">What is wrong, as a condition's reason.</param>
    public static ReconcileResult RetryFor(string reason) => new(reason, null);
}
