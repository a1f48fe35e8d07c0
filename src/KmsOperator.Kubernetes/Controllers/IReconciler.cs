namespace KmsOperator.Kubernetes;

/// <summary>Brings one object's world to what the object says.</summary>
public interface IReconciler
{
    /// <summary>Looks at the object as it is now (it may be gone) and does what is missing.</summary>
    /// <param name="key">The object. No other worker of the controller has it at the same time.</param>
    /// <param name="cancellationToken">Cancelled only when the grace period of a stop is over.</param>
    /// <returns>When to look again. An exception means: log, and look again with backoff.</returns>
    ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);
}

/// <summary>When to look at an object again.</summary>
public readonly record struct ReconcileResult
{
    private ReconcileResult(bool retry, TimeSpan? after) => (IsRetry, After) = (retry, after);

    /// <summary>When something changes. Forgets earlier failures.</summary>
    public static ReconcileResult Done => default;

    /// <summary>With this object's backoff, which grows with each retry.</summary>
    public static ReconcileResult Retry => new(true, null);

    /// <summary>Whether the backoff applies.</summary>
    public bool IsRetry { get; }

    /// <summary>After how long, if that was said.</summary>
    public TimeSpan? After { get; }

    /// <summary>
    /// What the pass met that concerns the object's whole group in the queue: false, something held it up that will hold up the others as
    /// well; true, it got through; null, neither.
    /// </summary>
    public bool? GroupServed { get; init; }

    /// <summary>After <paramref name="delay"/>, or earlier when something changes. Forgets earlier failures.</summary>
    public static ReconcileResult RequeueAfter(TimeSpan delay) => new(false, delay);
}
