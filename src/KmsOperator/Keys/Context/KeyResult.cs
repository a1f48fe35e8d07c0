using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Context;

/// <summary>What reconciling a key came to: the status to write, and the error if the key is not as desired.</summary>
/// <param name="Status">The status to write; its conditions are added when it is written.</param>
/// <param name="Error">Why the key is not as desired; null when it is.</param>
internal sealed record KeyResult(KeyStatus Status, ReconcileError? Error)
{
    /// <summary>Whether AWS was asked: the key was compared or written, and not left unchanged.</summary>
    public bool IsCompared { get; init; }

    /// <summary>Whether the key that the status names is not known to be the resource's. It is not published or replicated.</summary>
    public bool IsKeyRefused { get; init; }

    /// <summary>The key as it should be; null where that was not resolved.</summary>
    public ResolvedKey? Resolved { get; init; }

    /// <summary>When to reconcile again, where that is known; null leaves it to the queue's backoff.</summary>
    public TimeSpan? RequeueAfter { get; init; }

    /// <summary>What else to say of a key that is as desired, appended to the message of <c>Ready</c>; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The key is as desired.</summary>
    public static KeyResult Ready(KeyStatus status) => new(status, null);

    /// <summary>
    /// The key is not as desired. The hash of the desired state goes, so that a restarted operator does not take the key for one that it has
    /// verified.
    /// </summary>
    public static KeyResult Failed(KeyStatus status, ReconcileError error) => new(status with { DesiredSha256 = null }, error);
}
