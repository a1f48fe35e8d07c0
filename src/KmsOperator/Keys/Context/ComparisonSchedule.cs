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
    /// <param name="verifiedAt">When it was compared last.</param>
    /// <param name="changedAt">When the operator wrote to it last; null for never.</param>
    /// <param name="firstExpiry">When the first of its imported materials expires; null for never.</param>
    /// <remarks>A comparison within the window after a write may have seen the state before the write, so one more follows after the window.</remarks>
    public DateTimeOffset Next(DateTimeOffset verifiedAt, DateTimeOffset? changedAt, DateTimeOffset? firstExpiry)
    {
        var next = IsConclusive(verifiedAt, changedAt) ? verifiedAt + AfterVerification() : changedAt!.Value + AfterWrite();
        return Earlier(next, ExpirySeenAt(verifiedAt, firstExpiry));
    }

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

        var ready = ResourceConditions.Find(status.Conditions, ConditionTypes.Ready);
        if (status.DesiredSha256 != desiredSha256 || context.IsSpecNew || context.IsRecordLost || context.IsComparisonAsked || isRotationRequested
            || ready?.Reason == Reasons.Suspended)
        {
            return true;
        }

        // A key that was written just before this process started is compared once the window is over.
        // A lastVerifiedAt in the future (a clock that was ahead) does not postpone the comparison.
        var verifiedAt = status.LastVerifiedAt < context.Now ? status.LastVerifiedAt.Value : context.Now;
        var compareAt = context.Cache.CompareAt ??= Earlier(
            IsConclusive(status.LastVerifiedAt, status.LastChangedAt) ? verifiedAt + AfterVerification() : (context.Cache.ChangeUnansweredAt ?? context.FirstSeenAt) + AfterWrite(),
            ready?.Status == "True" ? ExpirySeenAt(verifiedAt, status.Material?.ValidTo) : null);
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

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;

    /// <summary>
    /// When a comparison sees that imported material has expired: just after its time. Where KMS showed the material after that, KMS's clock is behind the operator's; it is looked for again and
    /// again, each time twice as long after its time.
    /// </summary>
    private static DateTimeOffset? ExpirySeenAt(DateTimeOffset verifiedAt, DateTimeOffset? expiry) =>
        expiry is not { } end ? null
        : verifiedAt - end > AfterExpiry ? verifiedAt + (verifiedAt - end)
        : (verifiedAt > end ? verifiedAt : end) + AfterExpiry;

    private bool IsConclusive(DateTimeOffset? verifiedAt, DateTimeOffset? changedAt) =>
        verifiedAt is { } verified && (changedAt is not { } changed || verified - changed >= settings.ConsistencyWindow);

    private TimeSpan AfterVerification() => Jitter(settings.DriftPeriod, -0.1, 0.1);

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
