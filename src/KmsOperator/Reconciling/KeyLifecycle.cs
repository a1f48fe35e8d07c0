using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Brings one key to its desired state: make it if need be, observe, plan, execute.</summary>
internal sealed class KeyLifecycle(
    AwsRegions regions, AccountCheck accounts, KeyCreation creation, PlanExecution execution, ComparisonSchedule schedule, OperatorSettings settings)
{
    private static readonly TimeSpan ReadAgainPeriod = TimeSpan.FromSeconds(2);

    /// <summary>Does what is missing and carries what was seen into the pass's status, which is not written yet.</summary>
    public async Task<KeyOutcome> BringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var outcome = await TryBringAsync(pass, resolved, cancellationToken);
        if (outcome.Finding is not null)
        {
            // A restarted operator must not take a key that it could not verify for one that it had.
            pass.Status = pass.Status with { DesiredSha256 = null };
            return outcome;
        }

        return outcome with { Note = KeyRotation.NoteFor(pass.Status, resolved.Desired) };
    }

    private async Task<KeyOutcome> TryBringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        pass.Memory.FirstSeenAt ??= pass.Now;
        pass.Status = pass.Status with
        {
            // What the resource's deletion goes by when whatever says so is gone first: its class, or a replica's primary.
            DeletionPolicy = desired.DeleteKey ? DeletionPolicies.Delete : DeletionPolicies.Retain,
            PendingDeletionWindowDays = desired.PendingDeletionWindowDays,
            Plan = desired.ObserveOnly ? pass.Status.Plan : null,
        };
        if (KeyMoves.Find(pass.Status, resolved) is { } moved)
        {
            return new KeyOutcome(moved, Changed: false);
        }

        if (pass.Status.KeyId is not null)
        {
            // Somebody may have taken the finalizer off, and with it what keeps the resource until its key is taken care of.
            await pass.HoldAsync(cancellationToken);
        }

        var fingerprint = DesiredKeyHash.Compute(desired);
        if (pass.Status.KeyId is not null && !schedule.IsDue(pass, fingerprint))
        {
            pass.Status = KeyStatusFields.Settled(pass.Status, desired);
            return new KeyOutcome(null, Changed: false, pass.Memory.CompareAt - pass.Now);
        }

        if (await accounts.FindMismatchAsync(resolved.Access, desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } elsewhere)
        {
            return new KeyOutcome(elsewhere, Changed: true);
        }

        try
        {
            return pass.Status.KeyId is null
                ? await MakeAsync(pass, resolved, fingerprint, cancellationToken)
                : await CompareAsync(pass, resolved, fingerprint, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var subject = pass.Status.Arn ?? pass.Status.KeyId ?? desired.AliasName;
            return new KeyOutcome(AwsFailureFinding.For(failure, subject, pass.IsRecent(settings.ConsistencyWindow)), Changed: true);
        }
    }

    private async Task<KeyOutcome> MakeAsync<T>(KeyPass<T> pass, ResolvedKey resolved, string fingerprint, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var created = await creation.CreateAsync(pass, resolved, cancellationToken);
        if (created.Finding is { } finding)
        {
            return new KeyOutcome(finding, Changed: true, created.RequeueAfter);
        }

        if (created.Found)
        {
            pass.Memory.AliasesNotBefore = pass.Now;
            return await CompareAsync(pass, resolved, fingerprint, cancellationToken);
        }

        var reconcileAt = pass.UnhandledReconcileAt;
        var region = regions.For(resolved.Access);
        var aliases = await ReadAliasesAsync(pass, resolved.Desired, region, reconcileAt, cancellationToken);
        var outcome = created.Key is { } made
            ? await execution.ExecuteAsync(pass, resolved, region, made with { AliasTargets = aliases.Targets }, fingerprint, isNew: true, cancellationToken)
            : ObserveOnly.Unmade(pass, resolved.Desired, execution.PlanNew(pass, resolved.Desired, aliases.Targets));
        Acknowledge(pass, reconcileAt);
        return outcome;
    }

    private async Task<KeyOutcome> CompareAsync<T>(KeyPass<T> pass, ResolvedKey resolved, string fingerprint, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = pass.UnhandledReconcileAt;
        var region = regions.For(resolved.Access);
        var seen = await KeyObserver.ObserveAsync(region.Clients.Reading, pass.Status.KeyId!, cancellationToken);
        if (seen is null)
        {
            return VanishedKey.Explain(pass, resolved.Desired, settings.ConsistencyWindow);
        }

        pass.Memory.MissingSince = null;
        pass.Memory.Writes = pass.Memory.Writes.Since(pass.Now - settings.ConsistencyWindow);
        var aliases = await ReadAliasesAsync(pass, resolved.Desired, region, reconcileAt, cancellationToken);
        var observed = pass.Memory.Writes.Since(pass.Now - schedule.DoubtOf(reconcileAt)).Apply(seen);
        var isBehind = reconcileAt is not null && (aliases.IsBehind || observed != seen);
        if (isBehind)
        {
            // Who asks gets an answer that KMS has had the time for. Until then the question stays open.
            pass.Memory.AliasesNotBefore = pass.Now;
            if (pass.Status.DesiredSha256 == fingerprint)
            {
                return new KeyOutcome(null, Changed: false, ReadAgainPeriod);
            }
        }

        var outcome = await execution.ExecuteAsync(
            pass, resolved, region, observed with { AliasTargets = aliases.Targets }, fingerprint, isNew: false, cancellationToken);
        if (isBehind)
        {
            return outcome.Finding is null ? outcome with { RequeueAfter = ReadAgainPeriod } : outcome;
        }

        Acknowledge(pass, reconcileAt);
        return outcome;
    }

    private Task<AliasReading> ReadAliasesAsync<T>(
        KeyPass<T> pass, DesiredKey desired, AwsRegion region, string? reconcileAt, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        region.Aliases.ReadAsync(
            [desired.AliasName, .. KeyStatusFields.AliasNamesOf(pass.Status)],
            ComparisonSchedule.AliasesNotBefore(pass, reconcileAt),
            schedule.DoubtOf(reconcileAt),
            cancellationToken);

    private static void Acknowledge<T>(KeyPass<T> pass, string? reconcileAt)
        where T : class, IKeyResource =>
        pass.Status = pass.Status with { LastHandledReconcileAt = reconcileAt ?? pass.Status.LastHandledReconcileAt };
}
