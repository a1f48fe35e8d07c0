using KmsOperator.Api;
using KmsOperator.Aws;

namespace KmsOperator;

/// <summary>When a key is compared with AWS, and how fresh what it is compared with has to be.</summary>
/// <param name="settings">Drift period and consistency window.</param>
/// <param name="random">Spreads the comparisons of many keys.</param>
internal sealed class ComparisonSchedule(OperatorSettings settings, Random random)
{
    /// <summary>From a comparison that found nothing to do to the next one.</summary>
    public TimeSpan AfterVerification() => Jitter(settings.DriftPeriod, -0.1, 0.1);

    /// <summary>From a write to the comparison that sees it: KMS may show the state before it until then.</summary>
    public TimeSpan AfterWrite() => Jitter(settings.ConsistencyWindow, 0, 0.2);

    /// <summary>Whether the key is compared now: something asks for it, or it is time.</summary>
    public bool IsDue<T>(KeyPass<T> pass, string fingerprint)
        where T : class, IKeyResource
    {
        if (pass.Status.DesiredSha256 != fingerprint || pass.UnhandledReconcileAt is not null || KeyRotation.IsAsked(pass))
        {
            return true;
        }

        // A key that was written just before this process began may still read as it was: it is compared once the window is over.
        pass.Memory.CompareAt ??= pass.Status.LastVerifiedAt is { } verified
            ? verified + AfterVerification()
            : pass.Memory.FirstSeenAt + AfterWrite();
        return pass.Now >= pass.Memory.CompareAt;
    }

    /// <summary>How old the list of aliases may be: a minute, unless somebody asks to look or it is known to be of no use.</summary>
    public static DateTimeOffset AliasesNotBefore<T>(KeyPass<T> pass, string? reconcileAt)
        where T : class, IKeyResource
    {
        if (pass.Status.FormerAliasNames is { Count: > 0 })
        {
            // What is looked for is what an older list may not have.
            return pass.Now;
        }

        var since = reconcileAt is null ? pass.Now - AliasDirectory.UsualAge : pass.Memory.AskedAt ?? pass.Now;
        return pass.Memory.AliasesNotBefore is { } oldest && oldest > since ? oldest : since;
    }

    private TimeSpan Jitter(TimeSpan period, double low, double high) => period * (1 + low + ((high - low) * random.NextDouble()));
}
