using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>Reads keys, with their aliases and grants, in order to compare them with what is desired.</summary>
internal sealed class KeyReader(OwnerTagRepair ownerTags, OwnershipCheck ownership, ComparisonSchedule schedule, OperatorSettings settings, TimeProvider time)
{
    private static readonly TimeSpan ReadAgainPeriod = TimeSpan.FromSeconds(2);

    // Whoever asks for comparisons of many keys writes one annotation after the other. The keys of an account share the list that is read after this.
    private static readonly TimeSpan RequestPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>Reads a key. What KMS still shows of the time before a write of the operator is replaced by what was written.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="found">The key.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The key; or the result of the reconcile, where there is nothing to compare.</returns>
    public async Task<(KeyObservation? Read, KeyResult? End)> ReadAsync<T>(ReconcileContext<T> context, FoundKey found, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var (status, region, desired) = (found.Status, found.Region, resolved.Desired);
        var reconcileAt = context.UnhandledReconcileAt;
        if (found.Created is { } created)
        {
            // The creation has looked at a list as old as this for what is in the alias's way; CreateAlias itself has the last word.
            var listed = await ReadAliasesAsync(context, status, desired, region, cancellationToken, context.Now - AliasDirectory.AgeForNewKeys);
            return (new KeyObservation(created with { AliasTargets = listed.Targets, Grants = [] }, reconcileAt) { IsNew = true }, null);
        }

        var isAsked = context.IsComparisonAsked;
        var lookedAt = context.Now;

        // At once, since each takes round trips. The list is the whole account's, and others may be waiting for it already.
        var listing = ReadAliasesAsync(context, status, desired, region, cancellationToken);
        var observing = ownerTags.ObserveAsync(context, desired.Owner, region, mayWrite: !desired.ObserveOnly, cancellationToken);
        await Task.WhenAll(observing, listing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var (seen, unread) = await observing;
        if (unread is not null)
        {
            return (null, KeyResult.Failed(status, unread) with { IsCompared = true });
        }

        if (seen is null)
        {
            return (null, MissingKey.Handle(context, status, desired, lookedAt, settings.ConsistencyWindow));
        }

        context.Cache.Unseen = null;
        var aliases = await listing;
        (seen, var unreadGrants) = await GrantReading.ReadAsync(status, desired, region, seen, context.IsRecent(settings.ConsistencyWindow), cancellationToken);
        var observed = region.ReplaceStale(seen, schedule.Doubt(isAsked));
        var isStale = isAsked && (aliases.IsBehind || observed != seen);
        if (isStale)
        {
            // Whoever asks wants an answer that KMS has had time for. The request counts as unhandled until then.
            context.Cache.AliasesNotBefore = context.Now;
            if (status.DesiredSha256 == resolved.DesiredSha256 && !context.IsSpecNew)
            {
                return (null, KeyResult.Ready(status) with { RequeueAfter = ReadAgainPeriod });
            }
        }

        observed = PolicyReadBack.Accept(context.Cache, desired.Policy, observed);
        return (new KeyObservation(observed with { AliasTargets = aliases.Targets }, reconcileAt) { IsStale = isStale, UnreadGrants = unreadGrants }, null);
    }

    /// <summary>Says what the comparison with a key that was read has answered: the request for it, if KMS had had time for the operator's own writes.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="read">The key.</param>
    /// <param name="result">What the comparison came to.</param>
    public static KeyResult Acknowledge<T>(ReconcileContext<T> context, KeyObservation read, KeyResult result)
        where T : class, IKeyResource
    {
        if (read.IsStale)
        {
            return result.Error is null ? result with { RequeueAfter = ReadAgainPeriod } : result;
        }

        context.IsCompared |= !read.IsNew;
        return WithHandled(result, read.ReconcileAt);
    }

    /// <summary>Reports what <c>managementPolicy: Full</c> would do for a resource that has no key.</summary>
    public async Task<KeyResult> ReportMissingAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = context.UnhandledReconcileAt;
        var desired = resolved.Desired;
        var aliases = await ReadAliasesAsync(context, status, desired, region, cancellationToken);
        var holders = await ownership.FindAliasHoldersAsync(region, status, desired, aliases.Targets, keyId: null, cancellationToken);
        var plan = KeyPlanner.PlanNew(desired, aliases.Targets, holders);
        return WithHandled(ObserveOnly.ReportMissing(status, desired, plan), reconcileAt);
    }

    private async Task<AliasReading> ReadAliasesAsync<T>(
        ReconcileContext<T> context, KeyStatus status, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken, DateTimeOffset? notBefore = null)
        where T : class, IKeyResource
    {
        if (context.UnhandledReconcileAt is not null && context.Cache.ReconcileRequestedAt + RequestPeriod - context.Now is { } wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }

        return await region.Aliases.ReadAsync(
            desired.AliasNames.Union(AliasHistory.NamesIn(status)),
            notBefore ?? schedule.AliasesNotBefore(context, status),
            schedule.Doubt(context.IsComparisonAsked),
            cancellationToken);
    }

    private static KeyResult WithHandled(KeyResult result, string? reconcileAt) =>
        reconcileAt is null ? result : result with { Status = result.Status with { LastHandledReconcileAt = reconcileAt } };
}
