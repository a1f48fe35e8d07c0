using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Promote;

/// <summary>Tells people where the primary of a multi-Region key is, when it is not where the kind of the resource suggests.</summary>
internal static class PrimaryNotes
{
    /// <summary>What to say of a resource that is as described; null for nothing.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="status">Its status.</param>
    public static string? NoteFor(IKeyResource resource, KeyStatus status) => (resource, status.MultiRegionKeyType) switch
    {
        (ServiceKey, "REPLICA") => $" It is a replica now; its primary is in {status.PrimaryRegion}.",
        (KeyReplica, "PRIMARY") => " It is the primary now.",
        _ => null,
    };

    /// <summary>Records an event when KMS shows the primary in another Region than before.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="before">The status before it.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="key">The key as it is.</param>
    public static void Report<T>(ReconcileContext<T> context, KeyStatus before, DesiredKey desired, ObservedKey key)
        where T : class, IKeyResource
    {
        if (before.PrimaryRegion is not { } old || key.PrimaryRegion is not { } now || old == now)
        {
            return;
        }

        var isWanted = desired.WantedPrimary?.Region == now;
        context.RecordEvent(
            isWanted ? EventType.Normal : EventType.Warning,
            Reasons.Progressing,
            "UpdatePrimaryRegion",
            $"The primary of {key.KeyId} is in {now}; it was in {old}.{(isWanted ? "" : " No spec.primaryRegion asked for it: somebody has moved it.")}");
    }

    /// <summary>The error for a call that only the primary takes, where KMS says that the key is not the primary; null for any other failure.</summary>
    /// <param name="failure">The failed call.</param>
    /// <param name="subject">The key, for the message.</param>
    public static ReconcileError? FindMoved(AwsFailure failure, string subject) =>
        failure is { Operation: "UpdatePrimaryRegion" or "ReplicateKey", IsUnsupported: true }
            ? ReconcileError.Transient(
                Reasons.PrimaryNotReady,
                $"{failure.Operation} of {subject}: {failure.Code}: {failure.Message.TrimEnd('.')}. The primary may have moved meanwhile; the operator looks again where it is.")
            : null;
}
