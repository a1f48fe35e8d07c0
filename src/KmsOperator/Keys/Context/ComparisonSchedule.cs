using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Status;

namespace KmsOperator.Keys.Context;

/// <summary>Decides when a key is compared with AWS, and how fresh the answers of AWS must be.</summary>
/// <param name="settings">Drift period and consistency window.</param>
/// <param name="random">Spreads the comparisons of many keys over time.</param>
internal sealed class ComparisonSchedule(OperatorSettings settings, Random random)
{
    // KMS nearly always shows a write within seconds. Who sets reconcile-at should not have to wait for the whole window, and what somebody
    // else has changed should not stay for so long.
    private static readonly TimeSpan AfterExpiry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DoubtOnRequest = TimeSpan.FromSeconds(10);

    /// <summary>When a key that is as desired is compared next.</summary>
    /// <remarks>A comparison within the window after a write may have seen the state before the write, so one more follows after the window.</remarks>
    public DateTimeOffset Next(KeyStatus status)
    {
        var next = IsConclusive(status)
            ? status.LastVerifiedAt!.Value + AfterVerification()
            : status.LastChangedAt!.Value + AfterWrite();

        // Imported material expires at its time, and the key must say so.
        return status.Material?.ValidTo is { } end && end > status.LastVerifiedAt && end < next ? end + AfterExpiry : next;
    }

    /// <summary>The time from one comparison of an unchanged key to the next.</summary>
    public TimeSpan AfterVerification() => Jitter(settings.DriftPeriod, -0.1, 0.1);

    /// <summary>For how long after a write of the operator a value that reads as before the write is taken for stale.</summary>
    /// <param name="isAsked">Whether somebody asks for the comparison; see <see cref="ReconcileContext{T}.IsComparisonAsked"/>.</param>
    public TimeSpan Doubt(bool isAsked) =>
        isAsked && DoubtOnRequest < settings.ConsistencyWindow ? DoubtOnRequest : settings.ConsistencyWindow;

    /// <summary>Whether the key is compared now: the desired state or the spec is new, the status is not what this process has written, somebody asks for it, or it is time.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="desiredSha256">Hash of the desired state.</param>
    /// <param name="isRotationRequested">Whether a rotation on demand is requested or its outcome is unknown.</param>
    public bool IsDue<T>(ReconcileContext<T> context, string desiredSha256, bool isRotationRequested)
        where T : class, IKeyResource
    {
        var status = context.Status;
        if (status.Material?.ValidTo <= context.Now && !(status.LastVerifiedAt > status.Material.ValidTo))
        {
            // The key material has expired since.
            return true;
        }

        if (status.DesiredSha256 != desiredSha256 || context.IsSpecNew || context.IsRecordLost || context.IsComparisonAsked || isRotationRequested
            || ResourceConditions.Find(status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.Suspended)
        {
            return true;
        }

        // A key that was written just before this process started is compared once the window is over.
        // A lastVerifiedAt in the future (a clock that was ahead) does not postpone the comparison.
        var compareAt = context.Cache.CompareAt ??= IsConclusive(status)
            ? (status.LastVerifiedAt is { } verifiedAt && verifiedAt < context.Now ? verifiedAt : context.Now) + AfterVerification()
            : (context.Cache.ChangeUnansweredAt ?? context.FirstSeenAt) + AfterWrite();
        return context.Now >= compareAt;
    }

    /// <summary>
    /// How old the list of aliases may be: a minute, unless somebody asks for a comparison or an older list is known to be wrong. Once the window after a write is over, a list
    /// from within the window does not count any more: it may show the state before the write.
    /// </summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    public DateTimeOffset AliasesNotBefore<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource
    {
        if (status.FormerAliasNames is { Count: > 0 })
        {
            // An older list may not show an alias that is being looked for.
            return context.Now;
        }

        var since = context.UnhandledReconcileAt is null ? context.Now - AliasDirectory.UsualAge : context.Cache.ReconcileRequestedAt ?? context.Now;
        foreach (var changedAt in new[] { status.LastChangedAt, context.Cache.ChangeUnansweredAt })
        {
            if (changedAt + settings.ConsistencyWindow is { } end && end <= context.Now)
            {
                since = Later(since, end);
            }
        }

        return Later(Later(since, context.Cache.AliasesNotBefore), context.ComparisonRequest?.NotBefore);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    private bool IsConclusive(KeyStatus status) =>
        status.LastVerifiedAt is { } verified && (status.LastChangedAt is not { } changed || verified - changed >= settings.ConsistencyWindow);

    private TimeSpan AfterWrite() => Jitter(settings.ConsistencyWindow, 0, 0.2);

    private TimeSpan Jitter(TimeSpan period, double low, double high)
    {
        // A Random with a seed is not thread-safe.
        lock (random)
        {
            return period * (1 + low + ((high - low) * random.NextDouble()));
        }
    }
}
