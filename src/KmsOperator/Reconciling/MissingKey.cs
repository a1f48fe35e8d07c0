using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What is done about a key that KMS does not show.</summary>
internal static class MissingKey
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NewKeyDelay = TimeSpan.FromSeconds(2);

    /// <summary>One NotFound is not a vanished key, and a vanished key is never replaced unless the spec says so.</summary>
    /// <param name="context">A pass over a resource whose key KMS does not show.</param>
    /// <param name="desired">What the resource asks for.</param>
    /// <param name="consistencyWindow">How long KMS may not show a key that it has.</param>
    public static KeyOutcome Explain<T>(ReconcileContext<T> context, DesiredKey desired, TimeSpan consistencyWindow)
        where T : class, IKeyResource
    {
        var since = context.Cache.MissingSince ??= context.Now;
        var arn = context.Status.Arn ?? context.Status.KeyId;
        if (context.Now - since < consistencyWindow)
        {
            return new KeyOutcome(
                ReconcileError.Transient(Reasons.Progressing, $"KMS does not show {arn}, since {since.UtcDateTime:HH:mm:ss}Z; it is looked for again."), Changed: true, Period);
        }

        if (!desired.RecreateLostKey || desired.ObserveOnly)
        {
            return new KeyOutcome(
                ReconcileError.Terminal(
                    Reasons.KeyNotFound,
                    $"KMS has not known {arn} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. No other key is made in its place: what it encrypted "
                    + "cannot be read with another one. Delete this resource when that is settled, or set spec.recreateLostKey: true for a new key."),
                Changed: true);
        }

        context.Cache.MissingSince = null;
        context.Cache.Writes = RecentWrites.None;
        context.Report(EventType.Warning, Reasons.KeyNotFound, "RecreateLostKey", $"{arn} is gone for good; spec.recreateLostKey asks for a new key.");
        context.Cache.CompareAt = null;
        context.Status = new KeyStatus
        {
            Conditions = context.Status.Conditions,
            Replicas = context.Status.Replicas,
            LastHandledRotateAt = context.Status.LastHandledRotateAt,
            DeletionPolicy = context.Status.DeletionPolicy,
            PendingDeletionWindowDays = context.Status.PendingDeletionWindowDays,
            PublishedConfigMapName = context.Status.PublishedConfigMapName,
        };
        return new KeyOutcome(
            ReconcileError.Transient(Reasons.Progressing, $"{arn} is gone for good; a new key is made in its place."), Changed: true, NewKeyDelay);
    }
}
