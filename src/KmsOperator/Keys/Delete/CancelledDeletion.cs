using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Delete;

/// <summary>
/// KMS may show a key as scheduled for deletion a while after the operator cancelled that for a resource that takes the key back. If that resource is deleted at
/// once, the old state must not be taken for what the resource asks for: its key would stay, and nobody would know of it.
/// </summary>
internal static class CancelledDeletion
{
    /// <summary>Why it is not known yet whether the deletion that KMS shows still stands; null where it is known, or KMS shows none.</summary>
    /// <param name="context">The reconcile of a resource that is being deleted.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="seen">Its key as KMS shows it.</param>
    /// <param name="corrected">The same with this process's own recent writes.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public static ReconcileError? Find<T>(ReconcileContext<T> context, KeyOwner owner, ObservedKey seen, ObservedKey corrected, TimeSpan consistencyWindow)
        where T : class, IKeyResource
    {
        if (!KeyStates.IsPendingDeletion(seen.KeyState))
        {
            return null;
        }

        // A deletion that the resource itself has asked for carries its mark. Another one may have been cancelled by a process before this one.
        var mayBeOld = !owner.HasMarkedForDeletion(seen) && context.Now - context.FirstSeenAt < consistencyWindow;
        return mayBeOld || !KeyStates.IsPendingDeletion(corrected.KeyState)
            ? ReconcileError.Transient(
                Reasons.Deleting, $"KMS shows {seen.Arn} as scheduled for deletion. That may be the state before the operator cancelled it, so the operator looks again.")
            : null;
    }
}
