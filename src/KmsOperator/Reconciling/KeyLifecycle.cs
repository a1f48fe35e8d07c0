using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Brings one key to its desired state: make it if need be, observe, plan, execute.</summary>
internal sealed class KeyLifecycle(
    AwsRegions regions,
    AccountCheck accounts,
    KeyCreation creation,
    KeyRotation rotation,
    AliasClaims claims,
    KeyHolders holders,
    ComparisonSchedule schedule,
    OperatorSettings settings,
    OperatorMetrics metrics,
    ILogger<KeyLifecycle> logger)
{
    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(2);

    /// <summary>Does what is missing and carries what was seen into the pass's status, which is not written yet.</summary>
    public async Task<KeyOutcome> BringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var outcome = await TryBringAsync(pass, resolved, cancellationToken);
        if (outcome.Finding is not null)
        {
            // A restarted operator must not take a key that it could not verify for one that it had.
            pass.Status = pass.Status with { DesiredSha256 = null };
        }

        return outcome;
    }

    private async Task<KeyOutcome> TryBringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Memory.FirstSeenAt ??= pass.Now;
        pass.Status = pass.Status with
        {
            // What the resource's deletion goes by when whatever says so is gone first: its class, or a replica's primary.
            DeletionPolicy = resolved.Desired.DeleteKey ? DeletionPolicies.Delete : DeletionPolicies.Retain,
            PendingDeletionWindowDays = resolved.Desired.PendingDeletionWindowDays,
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

        var fingerprint = DesiredKeyHash.Compute(resolved.Desired);
        if (pass.Status.KeyId is not null && !schedule.IsDue(pass, fingerprint))
        {
            pass.Status = KeyStatusFields.Settled(pass.Status, resolved.Desired);
            return new KeyOutcome(null, Changed: false, pass.Memory.CompareAt - pass.Now);
        }

        if (await accounts.FindMismatchAsync(resolved.Access, resolved.Desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } elsewhere)
        {
            return new KeyOutcome(elsewhere, Changed: true);
        }

        ObservedKey? observed = null;
        if (pass.Status.KeyId is null)
        {
            var created = await creation.CreateAsync(pass, resolved, cancellationToken);
            if (created.Finding is { } finding)
            {
                return new KeyOutcome(finding, Changed: true, created.RequeueAfter);
            }

            observed = created.Key;
            if (created.Found)
            {
                pass.Memory.AliasesNotBefore = pass.Now;
            }

            if (pass.Status.KeyId is null)
            {
                return ObserveOnly.Unmade(pass, resolved.Desired);
            }
        }

        var reconcileAt = pass.UnhandledReconcileAt;
        try
        {
            var region = regions.For(resolved.Access);
            var isNew = observed is not null;
            observed ??= await KeyObserver.ObserveAsync(region.Clients.Reading, pass.Status.KeyId!, cancellationToken);
            if (observed is null)
            {
                return VanishedKey.Explain(pass, resolved.Desired, settings.ConsistencyWindow);
            }

            pass.Memory.MissingSince = null;
            string[] names = [resolved.Desired.AliasName, .. KeyStatusFields.AliasNamesOf(pass.Status)];
            observed = observed with { AliasTargets = await region.Aliases.GetAsync(names, ComparisonSchedule.AliasesNotBefore(pass, reconcileAt), cancellationToken) };
            pass.Memory.Writes = pass.Memory.Writes.Since(pass.Now - settings.ConsistencyWindow);
            observed = pass.Memory.Writes.Apply(observed);
            var outcome = await ExecuteAsync(pass, resolved, region, observed, fingerprint, isNew, cancellationToken);
            pass.Status = pass.Status with { LastHandledReconcileAt = reconcileAt ?? pass.Status.LastHandledReconcileAt };
            return outcome;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var subject = pass.Status.Arn ?? pass.Status.KeyId ?? resolved.Desired.AliasName;
            return new KeyOutcome(AwsFailureFinding.For(failure, subject, pass.IsRecent(settings.ConsistencyWindow)), Changed: true);
        }
    }

    private async Task<KeyOutcome> ExecuteAsync<T>(
        KeyPass<T> pass,
        ResolvedKey resolved,
        AwsRegion region,
        ObservedKey observed,
        string fingerprint,
        bool isNew,
        CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var aliasHolder = HolderOfAlias(desired, observed);
        var plan = KeyPlanner.Plan(desired, observed, KeyStatusFields.RecordOf(pass.Status, aliasHolder));
        if (desired.ObserveOnly)
        {
            return ObserveOnly.Observed(pass, resolved, observed, plan, fingerprint, schedule.AfterVerification());
        }

        // The key was as described and nobody changed what is described: somebody changed the key.
        var isDrift = pass.Status.DesiredSha256 == fingerprint;
        if (plan.Steps.Count > 0 && !isNew)
        {
            await RecordChangeAsync(pass, desired, observed, plan, cancellationToken);
        }

        var finding = plan.Findings is [var first, ..] ? first : null;
        var before = observed;
        var done = new List<KeyStep>();
        foreach (var step in plan.Steps)
        {
            try
            {
                observed = await KeyPlanExecutor.ExecuteAsync(pass, region, step, observed, cancellationToken);
                done.Add(step);
                if (isDrift)
                {
                    metrics.Corrected(step);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, step.Operation) is { } failure)
            {
                finding = Explain(failure, step, before, pass.IsRecent(settings.ConsistencyWindow));
                pass.Memory.AliasesNotBefore = failure.Kind is AwsFailureKind.AlreadyExists or AwsFailureKind.NotFound ? pass.Now : pass.Memory.AliasesNotBefore;
                break;
            }
        }

        var isTakenBack = done.Any(step => step is CancelKeyDeletionStep);
        if (finding is null && isTakenBack)
        {
            // A key that is pending deletion shows neither rotation nor replicas.
            finding = Finding.Waiting(Reasons.Progressing, $"The deletion of {observed.Arn} was cancelled; the key is compared once more.");
        }

        await KeyRotation.NoteLastRotationAsync(pass, region, observed, cancellationToken);
        finding ??= await rotation.RotateAsync(pass, region, observed, cancellationToken);
        var complete = finding is null;
        var isVerified = complete && plan.Steps.Count == 0 && !isNew;
        pass.Status = KeyStatusFields.Observed(pass.Status, desired, observed, complete, aliasHolder) with
        {
            ClassName = resolved.ClassName,
            Service = desired.Service,
            Plan = null,
            PendingAliasName = complete ? null : pass.Status.PendingAliasName,
            FormerAliasNames = KeyStatusFields.FormerAliasesAfter(pass.Status, desired.AliasName, isVerified),
            DesiredSha256 = complete ? fingerprint : null,

            // Only a comparison that found nothing to do verifies a key; what was written now is looked at again.
            LastVerifiedAt = isVerified ? pass.Now : null,
        };
        if (done.Count > 0)
        {
            var steps = string.Join("; ", done);
            logger.LogInformation("{Arn}: {Steps}", observed.Arn, steps);
            pass.Report(
                isDrift ? EventType.Warning : EventType.Normal,
                Reasons.Progressing,
                done[0].Operation,
                isDrift ? $"{observed.Arn} was changed by somebody else and is put right: {steps}" : steps);
        }

        if (!complete)
        {
            return new KeyOutcome(finding, Changed: true, observed.KeyState is KeyStates.Creating or KeyStates.Updating || isTakenBack ? TransitionPeriod : null);
        }

        claims.Release(desired.Owner.Uid);
        var again = pass.Status.LastVerifiedAt is null ? schedule.AfterWrite() : schedule.AfterVerification();
        pass.Memory.CompareAt = pass.Now + again;
        return new KeyOutcome(null, Changed: true, again);
    }

    /// <summary>
    /// From the first step on the key is no longer what the status says it was brought to, also if this process ends or the spec
    /// changes back meanwhile. And whoever decides on an old state loses here, before anything is done.
    /// </summary>
    private static async Task RecordChangeAsync<T>(
        KeyPass<T> pass, DesiredKey desired, ObservedKey observed, KeyPlan plan, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var pending = plan.Steps.Any(step => step is CreateAliasStep or UpdateAliasStep) && pass.Status.AliasName != desired.AliasName
            ? desired.AliasName
            : pass.Status.PendingAliasName;
        if (pass.Status.DesiredSha256 is null && pending == pass.Status.PendingAliasName)
        {
            // On record already, and what the conditions say of an earlier try stays until this one has ended.
            await pass.RequireCurrentAsync(cancellationToken);
            return;
        }

        pass.Status = pass.Status with { DesiredSha256 = null, PendingAliasName = pending };
        await pass.SaveAsync(
            Verdict.Waiting(Reasons.Progressing, $"{observed.Arn} is being changed: {string.Join(", ", plan.Steps.Select(step => step.Operation))}."), cancellationToken);
    }

    /// <summary>Asked only where the alias is not at this key, since it looks at every resource.</summary>
    private string? HolderOfAlias(DesiredKey desired, ObservedKey observed) =>
        observed.AliasTargets.TryGetValue(desired.AliasName, out var target) && target != observed.KeyId
            ? holders.OfAlias(desired.Location, desired.AliasName, desired.Owner.Uid)
            : null;

    private static Finding Explain(AwsFailure failure, KeyStep step, ObservedKey before, bool isRecent)
    {
        if (failure.Kind == AwsFailureKind.InvalidPrincipal && DeletedPrincipals.Find(before.Policy) is [var deleted, ..])
        {
            return Finding.Stalled(
                Reasons.PrincipalDeleted,
                $"{before.Arn}: {deleted.PrincipalId} in statement {deleted.Statement} stands for a principal that was deleted, and the policy "
                + "cannot be put again while it does not exist. Create the role or user again, or remove it from access or policy.");
        }

        return AwsFailureFinding.For(failure, step is CreateAliasStep alias ? alias.AliasName : before.Arn, isRecent);
    }
}
