using KmsOperator.Api;
using KmsOperator.Aws;

namespace KmsOperator;

/// <summary>When a key is compared with AWS, and how fresh what it is compared with has to be.</summary>
/// <param name="settings">Drift period and consistency window.</param>
/// <param name="random">Spreads the comparisons of many keys.</param>
internal sealed class ComparisonSchedule(OperatorSettings settings, Random random)
{
    // KMS shows a write within seconds nearly always; who asks by reconcile-at does not wait for the rare rest of the window.
    private static readonly TimeSpan DoubtWhenAsked = TimeSpan.FromSeconds(10);

    /// <summary>When a key that was just brought to what is desired, or found so, is compared next.</summary>
    /// <remarks>What was seen within the window after a write may be what was there before it, so that it is looked at once more.</remarks>
    public DateTimeOffset Next(KeyStatus status) => IsConclusive(status)
        ? status.LastVerifiedAt!.Value + AfterVerification()
        : status.LastChangedAt!.Value + AfterWrite();

    /// <summary>From one comparison of an unchanged key to the next.</summary>
    public TimeSpan AfterVerification() => Jitter(settings.DriftPeriod, -0.1, 0.1);

    /// <summary>For how long after a write of the operator a value that reads as it was before is taken for stale.</summary>
    /// <param name="reconcileAt">The annotation's value that asks for this comparison, if one does.</param>
    public TimeSpan DoubtOf(string? reconcileAt) =>
        reconcileAt is not null && DoubtWhenAsked < settings.ConsistencyWindow ? DoubtWhenAsked : settings.ConsistencyWindow;

    /// <summary>Whether the key is compared now: something asks for it, or it is time.</summary>
    public bool IsDue<T>(ReconcileContext<T> context, string desiredSha256)
        where T : class, IKeyResource
    {
        if (context.Status.DesiredSha256 != desiredSha256 || context.UnhandledReconcileAt is not null || KeyRotation.IsAsked(context)
            || ResourceConditions.Find(context.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.Suspended)
        {
            return true;
        }

        // A key that was written just before this process began may still read as it was: it is compared once the window is over.
        // And a clock that was ahead does not put the comparison off.
        context.Cache.CompareAt ??= IsConclusive(context.Status)
            ? (context.Status.LastVerifiedAt < context.Now ? context.Status.LastVerifiedAt : context.Now) + AfterVerification()
            : context.Cache.FirstSeenAt + AfterWrite();
        return context.Now >= context.Cache.CompareAt;
    }

    /// <summary>How old the list of aliases may be: a minute, unless somebody asks to look or it is known to be of no use.</summary>
    public static DateTimeOffset AliasesNotBefore<T>(ReconcileContext<T> context, string? reconcileAt)
        where T : class, IKeyResource
    {
        if (context.Status.FormerAliasNames is { Count: > 0 })
        {
            // What is looked for is what an older list may not have.
            return context.Now;
        }

        var since = reconcileAt is null ? context.Now - AliasDirectory.UsualAge : context.Cache.AskedAt ?? context.Now;
        return context.Cache.AliasesNotBefore is { } oldest && oldest > since ? oldest : since;
    }

    private bool IsConclusive(KeyStatus status) =>
        status.LastVerifiedAt is { } verified && (status.LastChangedAt is not { } changed || verified - changed >= settings.ConsistencyWindow);

    private TimeSpan AfterWrite() => Jitter(settings.ConsistencyWindow, 0, 0.2);

    private TimeSpan Jitter(TimeSpan period, double low, double high)
    {
        // A seeded one is not thread-safe.
        lock (random)
        {
            return period * (1 + low + ((high - low) * random.NextDouble()));
        }
    }
}
