using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Brings one key to its desired state: make it if need be, observe, plan, execute.</summary>
internal sealed class KeyLifecycle(
    RegionalClientFactory regions, AccountCheck accounts, KeyCreation creation, PlanExecution execution, ComparisonSchedule schedule, OperatorSettings settings)
{
    private static readonly TimeSpan ReadAgainPeriod = TimeSpan.FromSeconds(2);

    /// <summary>Does what is missing and carries what was seen into the pass's status, which is not written yet.</summary>
    public async Task<KeyOutcome> BringAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var outcome = await TryBringAsync(context, resolved, cancellationToken);
        if (outcome.Error is not null)
        {
            // A restarted operator must not take a key that it could not verify for one that it had.
            context.Status = context.Status with { DesiredSha256 = null };
            return outcome;
        }

        return outcome with { Note = KeyRotation.NoteFor(context.Status, resolved.Desired) };
    }

    private async Task<KeyOutcome> TryBringAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        context.Cache.FirstSeenAt ??= context.Now;
        context.Status = context.Status with
        {
            // What the resource's deletion goes by when whatever says so is gone first: its class, or a replica's primary.
            DeletionPolicy = desired.DeleteKey ? DeletionPolicies.Delete : DeletionPolicies.Retain,
            PendingDeletionWindowDays = desired.PendingDeletionWindowDays,
            Plan = desired.ObserveOnly ? context.Status.Plan : null,
        };
        if (ImmutabilityChecks.Find(context.Status, resolved) is { } moved)
        {
            return new KeyOutcome(moved, Changed: false);
        }

        if (context.Status.KeyId is not null)
        {
            // Somebody may have taken the finalizer off, and with it what keeps the resource until its key is taken care of.
            await context.AddFinalizerAsync(cancellationToken);
        }

        var desiredSha256 = DesiredStateHash.Compute(desired);
        if (context.Status.KeyId is not null && !schedule.IsDue(context, desiredSha256))
        {
            context.Status = KeyStatusFields.Settled(context.Status, desired);
            return new KeyOutcome(null, Changed: false, context.Cache.CompareAt - context.Now);
        }

        if (await accounts.FindMismatchAsync(resolved.Access, desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } elsewhere)
        {
            return new KeyOutcome(elsewhere, Changed: true);
        }

        try
        {
            return context.Status.KeyId is null
                ? await MakeAsync(context, resolved, desiredSha256, cancellationToken)
                : await CompareAsync(context, resolved, desiredSha256, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var subject = context.Status.Arn ?? context.Status.KeyId ?? desired.AliasName;
            return new KeyOutcome(AwsReconcileError.For(failure, subject, context.IsRecent(settings.ConsistencyWindow)), Changed: true);
        }
    }

    private async Task<KeyOutcome> MakeAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, string desiredSha256, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var created = await creation.CreateAsync(context, resolved, cancellationToken);
        if (created.Error is { } error)
        {
            return new KeyOutcome(error, Changed: true, created.RequeueAfter);
        }

        if (created.Found)
        {
            context.Cache.AliasesNotBefore = context.Now;
            return await CompareAsync(context, resolved, desiredSha256, cancellationToken);
        }

        var reconcileAt = context.UnhandledReconcileAt;
        var region = regions.For(resolved.Access);
        var aliases = await ReadAliasesAsync(context, resolved.Desired, region, reconcileAt, cancellationToken);
        var outcome = created.Key is { } made
            ? await execution.ExecuteAsync(context, resolved, region, made with { AliasTargets = aliases.Targets }, desiredSha256, isNew: true, cancellationToken)
            : ObserveOnly.Unmade(context, resolved.Desired, execution.PlanNew(context, resolved.Desired, aliases.Targets));
        Acknowledge(context, reconcileAt);
        return outcome;
    }

    private async Task<KeyOutcome> CompareAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, string desiredSha256, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = context.UnhandledReconcileAt;
        var region = regions.For(resolved.Access);
        var seen = await KeyObserver.ObserveAsync(region.Clients.Reading, context.Status.KeyId!, cancellationToken);
        if (seen is null)
        {
            return MissingKey.Explain(context, resolved.Desired, settings.ConsistencyWindow);
        }

        context.Cache.MissingSince = null;
        context.Cache.Writes = context.Cache.Writes.Since(context.Now - settings.ConsistencyWindow);
        var aliases = await ReadAliasesAsync(context, resolved.Desired, region, reconcileAt, cancellationToken);
        var observed = context.Cache.Writes.Since(context.Now - schedule.DoubtOf(reconcileAt)).Apply(seen);
        var isBehind = reconcileAt is not null && (aliases.IsBehind || observed != seen);
        if (isBehind)
        {
            // Who asks gets an answer that KMS has had the time for. Until then the question stays open.
            context.Cache.AliasesNotBefore = context.Now;
            if (context.Status.DesiredSha256 == desiredSha256)
            {
                return new KeyOutcome(null, Changed: false, ReadAgainPeriod);
            }
        }

        var outcome = await execution.ExecuteAsync(
            context, resolved, region, observed with { AliasTargets = aliases.Targets }, desiredSha256, isNew: false, cancellationToken);
        if (isBehind)
        {
            return outcome.Error is null ? outcome with { RequeueAfter = ReadAgainPeriod } : outcome;
        }

        Acknowledge(context, reconcileAt);
        return outcome;
    }

    private Task<AliasReading> ReadAliasesAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, RegionalClients region, string? reconcileAt, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        region.Aliases.ReadAsync(
            [desired.AliasName, .. KeyStatusFields.AliasNamesOf(context.Status)],
            ComparisonSchedule.AliasesNotBefore(context, reconcileAt),
            schedule.DoubtOf(reconcileAt),
            cancellationToken);

    private static void Acknowledge<T>(ReconcileContext<T> context, string? reconcileAt)
        where T : class, IKeyResource =>
        context.Status = context.Status with { LastHandledReconcileAt = reconcileAt ?? context.Status.LastHandledReconcileAt };
}
