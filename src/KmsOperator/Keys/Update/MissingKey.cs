using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>What happens when KMS answers that the key of a resource does not exist.</summary>
internal static class MissingKey
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NewKeyDelay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// One NotFound does not mean that the key is gone: it must be missing for the whole consistency window. A key that is gone is replaced
    /// only if the spec says so.
    /// </summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="lookedAt">When the look at the key began.</param>
    /// <param name="consistencyWindow">How long KMS may not show a key that it has.</param>
    public static KeyResult Handle<T>(ReconcileContext<T> context, KeyStatus status, DesiredKey desired, DateTimeOffset lookedAt, TimeSpan consistencyWindow)
        where T : class, IKeyResource
    {
        var missingFor = context.MissingFor(lookedAt);
        var since = lookedAt - missingFor;
        var arn = status.Arn ?? status.KeyId;
        var isReplaced = desired.RecreateLostKey && !desired.ObserveOnly;
        if (missingFor < consistencyWindow)
        {
            // A process before this one may have found out already, and nothing says otherwise.
            var known = ResourceConditions.Find(status.Conditions, ConditionTypes.Ready) is { Reason: Reasons.KeyNotFound, Message: { } message } && !isReplaced && message.Contains(arn!, StringComparison.Ordinal)
                ? message
                : null;
            return KeyResult.Failed(
                status,
                known is null
                    ? ReconcileError.Transient(Reasons.Progressing, $"KMS has not shown {arn} since {since.UtcDateTime:HH:mm:ss}Z. The operator looks again.")
                    : ReconcileError.Terminal(Reasons.KeyNotFound, known)) with
            {
                IsCompared = true,
                RequeueAfter = RetryPeriod,
            };
        }

        if (status.MultiRegionKeyType == "REPLICA" && desired.Primary is null)
        {
            return KeyResult.Failed(
                status,
                ReconcileError.Terminal(
                    Reasons.KeyNotFound,
                    $"KMS has not known {arn} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. It was a replica: its primary in {status.PrimaryRegion} has the same material. "
                    + $"Make the replica in {desired.Location.Region} again (ReplicateKey of {status.KeyId}, with this resource's servicekey.dev tags), or delete this resource.")) with
            {
                IsCompared = true,
            };
        }

        if (!isReplaced)
        {
            return KeyResult.Failed(
                status,
                ReconcileError.Terminal(
                    Reasons.KeyNotFound,
                    $"KMS has not known {arn} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. The operator creates no other key in its place, because a new key "
                    + "cannot decrypt what this one encrypted. Delete this resource when that is settled, or set spec.recreateLostKey: true for a new key.")) with
            {
                IsCompared = true,
            };
        }

        context.Cache.Unseen = null;
        context.Cache.CompareAt = null;
        context.Cache.HasNoKey = true;
        context.RecordEvent(EventType.Warning, Reasons.KeyNotFound, "RecreateLostKey", $"{arn} no longer exists; spec.recreateLostKey asks for a new key.");
        var withoutKey = new KeyStatus
        {
            Conditions = status.Conditions,
            Replicas = status.Replicas,
            LastHandledRotateAt = status.LastHandledRotateAt,
            DeletionPolicy = status.DeletionPolicy,
            PendingDeletionWindowDays = status.PendingDeletionWindowDays,
            PublishedConfigMapName = status.PublishedConfigMapName,
        };
        return KeyResult.Failed(withoutKey, ReconcileError.Transient(Reasons.Progressing, $"{arn} no longer exists; a new key is created in its place.")) with
        {
            IsCompared = true,
            RequeueAfter = NewKeyDelay,
        };
    }
}
