using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What is done about a key that KMS does not show.</summary>
internal static class VanishedKey
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NewKeyDelay = TimeSpan.FromSeconds(2);

    /// <summary>One NotFound is not a vanished key, and a vanished key is never replaced unless the spec says so.</summary>
    /// <param name="pass">A pass over a resource whose key KMS does not show.</param>
    /// <param name="desired">What the resource asks for.</param>
    /// <param name="consistencyWindow">How long KMS may not show a key that it has.</param>
    public static KeyOutcome Explain<T>(KeyPass<T> pass, DesiredKey desired, TimeSpan consistencyWindow)
        where T : class, IKeyResource
    {
        var since = pass.Memory.MissingSince ??= pass.Now;
        var arn = pass.Status.Arn ?? pass.Status.KeyId;
        if (pass.Now - since < consistencyWindow)
        {
            return new KeyOutcome(
                Finding.Waiting(Reasons.Progressing, $"KMS does not show {arn}, since {since.UtcDateTime:HH:mm:ss}Z; it is looked for again."), Changed: true, Period);
        }

        if (!desired.RecreateLostKey || desired.ObserveOnly)
        {
            return new KeyOutcome(
                Finding.Stalled(
                    Reasons.KeyNotFound,
                    $"KMS has not known {arn} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. No other key is made in its place: what it encrypted "
                    + "cannot be read with another one. Delete this resource when that is settled, or set spec.recreateLostKey: true for a new key."),
                Changed: true);
        }

        pass.Memory.MissingSince = null;
        pass.Memory.Writes = RecentWrites.None;
        pass.Report(EventType.Warning, Reasons.KeyNotFound, "RecreateLostKey", $"{arn} is gone for good; spec.recreateLostKey asks for a new key.");
        pass.Memory.CompareAt = null;
        pass.Status = new KeyStatus
        {
            Conditions = pass.Status.Conditions,
            Replicas = pass.Status.Replicas,
            LastHandledRotateAt = pass.Status.LastHandledRotateAt,
            DeletionPolicy = pass.Status.DeletionPolicy,
            PendingDeletionWindowDays = pass.Status.PendingDeletionWindowDays,
            PublishedConfigMapName = pass.Status.PublishedConfigMapName,
        };
        return new KeyOutcome(
            Finding.Waiting(Reasons.Progressing, $"{arn} is gone for good; a new key is made in its place."), Changed: true, NewKeyDelay);
    }
}
