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
    // KMS nearly always shows a write within seconds. Who sets reconcile-at should not have to wait for the whole window.
    private static readonly TimeSpan DoubtOnRequest = TimeSpan.FromSeconds(10);

    /// <summary>When a key that is as desired is compared next.</summary>
    /// <remarks>A comparison within the window after a write may have seen the state before the write, so one more follows after the window.</remarks>
    public DateTimeOffset Next(KeyStatus status) => IsConclusive(status)
        ? status.LastVerifiedAt!.Value + AfterVerification()
        : status.LastChangedAt!.Value + AfterWrite();

    /// <summary>The time from one comparison of an unchanged key to the next.</summary>
    public TimeSpan AfterVerification() => Jitter(settings.DriftPeriod, -0.1, 0.1);

    /// <summary>For how long after a write of the operator a value that reads as before the write is taken for stale.</summary>
    /// <param name="reconcileAt">The new value of the <c>reconcile-at</c> annotation; null if there is none.</param>
    public TimeSpan Doubt(string? reconcileAt) =>
        reconcileAt is not null && DoubtOnRequest < settings.ConsistencyWindow ? DoubtOnRequest : settings.ConsistencyWindow;

    /// <summary>Whether the key is compared now: the desired state is new, an annotation asks for it, or it is time.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="desiredSha256">Hash of the desired state.</param>
    /// <param name="isRotationRequested">Whether a rotation on demand is requested or its outcome is unknown.</param>
    public bool IsDue<T>(ReconcileContext<T> context, string desiredSha256, bool isRotationRequested)
        where T : class, IKeyResource
    {
        var status = context.Status;
        if (status.DesiredSha256 != desiredSha256 || context.UnhandledReconcileAt is not null || isRotationRequested
            || ResourceConditions.Find(status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.Suspended)
        {
            return true;
        }

        // A key that was written just before this process started is compared once the window is over.
        // A lastVerifiedAt in the future (a clock that was ahead) does not postpone the comparison.
        var compareAt = context.Cache.CompareAt ??= IsConclusive(status)
            ? (status.LastVerifiedAt is { } verifiedAt && verifiedAt < context.Now ? verifiedAt : context.Now) + AfterVerification()
            : context.FirstSeenAt + AfterWrite();
        return context.Now >= compareAt;
    }

    /// <summary>How old the list of aliases may be: a minute, unless somebody asks for a comparison or an older list is known to be of no use.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="reconcileAt">The new value of the <c>reconcile-at</c> annotation; null if there is none.</param>
    public static DateTimeOffset AliasesNotBefore<T>(ReconcileContext<T> context, KeyStatus status, string? reconcileAt)
        where T : class, IKeyResource
    {
        if (status.FormerAliasNames is { Count: > 0 })
        {
            // An older list may not show an alias that is being looked for.
            return context.Now;
        }

        var since = reconcileAt is null ? context.Now - AliasDirectory.UsualAge : context.Cache.ReconcileRequestedAt ?? context.Now;
        return context.Cache.AliasesNotBefore is { } oldest && oldest > since ? oldest : since;
    }

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
