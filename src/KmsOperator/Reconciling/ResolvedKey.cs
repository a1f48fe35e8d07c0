using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>A desired key and how to get to it.</summary>
/// <param name="Desired">The key.</param>
/// <param name="ClassName">The KeyClass it was resolved with.</param>
/// <param name="Access">Credentials, and the key's own Region.</param>
internal sealed record ResolvedKey(DesiredKey Desired, string ClassName, AwsAccess Access);

/// <summary>What bringing a key to its desired state came to.</summary>
/// <param name="Error">What stands against it; null when the key is as desired.</param>
/// <param name="Changed">Whether anything was compared or written, as opposed to a key left alone.</param>
/// <param name="RequeueAfter">When to look again, where the lifecycle knows better than the queue's backoff.</param>
internal sealed record KeyOutcome(ReconcileError? Error, bool Changed, TimeSpan? RequeueAfter = null)
{
    /// <summary>What is to be said of a key that is as desired; null if nothing.</summary>
    public string? Note { get; init; }
}
