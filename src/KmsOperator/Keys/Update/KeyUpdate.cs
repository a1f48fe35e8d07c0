using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Rotate;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Keys.Update;

/// <summary>Compares an existing key with what is desired, plans what it lacks, and does it.</summary>
internal sealed class KeyUpdate(
    KeyRotation rotation, PrimaryMove move, OwnershipCheck ownership, OwnerTagRepair ownerTags, ComparisonSchedule schedule, OperatorSettings settings, OperatorMetrics metrics, ILogger<KeyUpdate> logger)
{
    private static readonly TimeSpan ReadAgainPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ContradictionPeriod = TimeSpan.FromMinutes(1);

    // A condition that names 50 tags of 128 characters would hide what it says.
    private const int MaxNamedTags = 20;

    /// <summary>Observes the key and brings it to what is desired.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far, with the key's id.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<KeyResult> UpdateAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = context.UnhandledReconcileAt;
        var isAsked = context.IsComparisonAsked;
        var (seen, unread) = await ownerTags.ObserveAsync(context, resolved.Desired.Owner, region, mayWrite: !resolved.Desired.ObserveOnly, cancellationToken);
        if (unread is not null)
        {
            return KeyResult.Failed(status, unread) with { IsCompared = true };
        }

        if (seen is null)
        {
            return MissingKey.Handle(context, status, resolved.Desired, settings.ConsistencyWindow);
        }

        context.Cache.MissingSince = null;
        status = AliasHistory.WithRemembered(status, context.Cache.Written);
        var aliases = await ReadAliasesAsync(context, status, resolved.Desired, region, cancellationToken);
        (seen, var unlisted) = await GrantReading.ReadAsync(status, resolved.Desired, region, seen, context.IsRecent(settings.ConsistencyWindow), cancellationToken);
        var observed = region.ReplaceStale(seen, schedule.Doubt(isAsked));
        var isStale = isAsked && (aliases.IsBehind || observed != seen);
        if (isStale)
        {
            // Whoever asks wants an answer that KMS has had time for. The request counts as unhandled until then.
            context.Cache.AliasesNotBefore = context.Now;
            if (status.DesiredSha256 == resolved.DesiredSha256)
            {
                return KeyResult.Ready(status) with { RequeueAfter = ReadAgainPeriod };
            }
        }

        observed = PolicyReadBack.Accept(context.Cache, resolved.Desired.Policy, observed);
        var result = await ApplyAsync(context, status, resolved, region, observed with { AliasTargets = aliases.Targets }, isNew: false, cancellationToken, unlisted);
        context.IsCompared = !isStale;
        return !isStale ? Acknowledge(result, reconcileAt)
            : result.Error is null ? result with { RequeueAfter = ReadAgainPeriod }
            : result;
    }

    /// <summary>Does what follows the creation of a key: alias, rotation.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far, with the key's id.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="created">The key as KMS created it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<KeyResult> FinishCreateAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, ObservedKey created, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = context.UnhandledReconcileAt;
        var aliases = await ReadAliasesAsync(context, status, resolved.Desired, region, cancellationToken);
        var result = await ApplyAsync(context, status, resolved, region, created with { AliasTargets = aliases.Targets, Grants = [] }, isNew: true, cancellationToken);
        return Acknowledge(result, reconcileAt);
    }

    /// <summary>Reports what <c>managementPolicy: Full</c> would do for a resource that has no key.</summary>
    public async Task<KeyResult> ReportMissingAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var reconcileAt = context.UnhandledReconcileAt;
        var desired = resolved.Desired;
        var aliases = await ReadAliasesAsync(context, status, desired, region, cancellationToken);
        var plan = KeyPlanner.PlanNew(desired, aliases.Targets, ownership.FindAliasHolders(status, desired, aliases.Targets, keyId: null));
        return Acknowledge(ObserveOnly.ReportMissing(status, desired, plan), reconcileAt);
    }

    private async Task<KeyResult> ApplyAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, ObservedKey observed, bool isNew, CancellationToken cancellationToken,
        ReconcileError? unread = null)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var aliasHolders = ownership.FindAliasHolders(status, desired, observed.AliasTargets, observed.KeyId);
        var plan = KeyPlanner.Plan(desired, observed, KeyStatusFields.RecordOf(status) with
        {
            AliasHolders = aliasHolders,
            TagsMayBeOld = context.Now - context.FirstSeenAt < settings.ConsistencyWindow,
            IsNew = isNew,
        });
        plan = unread is null ? plan : plan with { Errors = [.. plan.Errors, unread] };
        if (desired.ObserveOnly)
        {
            PrimaryNotes.Report(context, status, desired, observed);
            status = await WithLastUseAsync(status, region, observed, cancellationToken);
            return ObserveOnly.Report(context, status, resolved, observed, plan, schedule.AfterVerification());
        }

        // The key was as described, and the description has not changed since: somebody else has changed the key.
        var isDrift = status.DesiredSha256 == resolved.DesiredSha256;
        if (plan.Steps.Count > 0 && !isNew)
        {
            status = await RecordChangeAsync(context, status, desired, observed, plan, cancellationToken);
        }

        var executed = await ExecuteAsync(context, region, plan, resolved, observed, isDrift, cancellationToken);
        status = await KeyRotation.WithHistoryAsync(context, status, region, executed.Key, isNew, cancellationToken);
        if (!isNew && executed.Error is null && settings.ReadsLastUse)
        {
            status = await WithLastUseAsync(status, region, executed.Key, cancellationToken);
        }

        var error = executed.Error;
        if (error is null)
        {
            (status, error) = await rotation.RotateAsync(context, status, resolved, region, executed.Key, cancellationToken);
        }

        return Complete(context, status, resolved, executed, error, aliasHolders, isDrift, isNew);
    }

    /// <summary>The status with the key's last use. It is for people only: no decision depends on it, so a failure leaves the status as it was.</summary>
    private static async Task<KeyStatus> WithLastUseAsync(KeyStatus status, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await region.GetLastUseIfFreeAsync(key.KeyId, cancellationToken) is { } use ? status with { LastUsed = use.At } : status;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is not null)
        {
            return status;
        }
    }

    /// <summary>
    /// Before the first step: from then on the key is no longer what the status says, also if this process ends or the spec changes back
    /// meanwhile. A reconcile that is based on an old resource stops here, before anything is done.
    /// </summary>
    private static async Task<KeyStatus> RecordChangeAsync<T>(
        ReconcileContext<T> context, KeyStatus status, DesiredKey desired, ObservedKey observed, KeyPlan plan, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var given = plan.Steps.Where(step => step is CreateAliasStep or UpdateAliasStep).Select(step => step.AliasName!).ToArray();
        var pending = given.Contains(desired.AliasName) && status.AliasName != desired.AliasName
            ? desired.AliasName
            : status.PendingAliasName;
        var isRepeated = status.DesiredSha256 is null && pending == status.PendingAliasName;
        status = AliasHistory.WithPendingAdditional(AliasHistory.WithPending(status, pending), given.Where(name => name != desired.AliasName)) with { DesiredSha256 = null, LastChangedAt = context.Now };
        status = GrantHistory.WithPending(status, plan.Steps.OfType<CreateGrantStep>().Select(step => step.Grant.Name));

        // On a repeated try the conditions keep the error of the try before until this one has ended.
        await context.RecordAsync(
            status, isRepeated ? null : $"{observed.Arn} is being changed: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.", cancellationToken);
        return status;
    }

    /// <summary>
    /// Executes the steps. One that is refused does not hold back those that do not depend on it: a policy that KMS refuses must not keep a key
    /// from being disabled. All refusals are reported.
    /// </summary>
    private async Task<ExecutedPlan> ExecuteAsync<T>(
        ReconcileContext<T> context, RegionalClients region, KeyPlan plan, ResolvedKey resolved, ObservedKey observed, bool isDrift, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var key = observed;
        var done = new List<KeyStep>();
        var refused = new List<KeyStep>();
        var errors = new List<ReconcileError>();
        string? policyNote = null;
        foreach (var step in plan.Steps.Where(step => !refused.Any(step.DependsOn)))
        {
            try
            {
                if (step is UpdatePrimaryRegionStep && await move.FindObstacleAsync(context, resolved, key, region, cancellationToken) is { } obstacle)
                {
                    refused.Add(step);
                    errors.Add(obstacle);
                    continue;
                }

                key = await StepExecution.ExecuteAsync(region, step, key, context.Now, cancellationToken);
                done.Add(step);
                if (isDrift && step is PutKeyPolicyStep put)
                {
                    policyNote = await PolicyReadBack.ReadAsync(context.Cache, region, put, key.KeyId, cancellationToken);
                }

                if (isDrift && !(step is PutKeyPolicyStep && policyNote is not null))
                {
                    metrics.Corrected(step);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, step.Operation) is { } failure)
            {
                if (failure.Kind is AwsFailureKind.AlreadyExists or AwsFailureKind.NotFound)
                {
                    context.Cache.AliasesNotBefore = context.Now;
                }

                if (step is UntagResourceStep or CancelKeyDeletionStep or EnableKeyStep && failure.EffectIsUnknown)
                {
                    context.Cache.FateUnansweredAt = context.Now;
                }

                refused.Add(step);
                errors.Add(Explain(failure, step, key, desired, context.IsRecent(settings.ConsistencyWindow)));
                if (failure.Kind is AwsFailureKind.Throttled or AwsFailureKind.Unavailable && !plan.Steps.Except(done).Except(refused).Any(other => other is DisableKeyStep))
                {
                    // The other steps would meet the same. A key that is to be disabled is tried all the same.
                    break;
                }
            }
        }

        errors.AddRange(plan.Errors);
        if (errors.Count == 0 && done.Any(step => step is CancelKeyDeletionStep))
        {
            // KMS shows neither rotation nor replicas of a key that is pending deletion.
            errors.Add(ReconcileError.Transient(Reasons.Progressing, $"The deletion of {key.Arn} was cancelled; the key is compared once more."));
        }

        if (errors.Count == 0 && done.Any(step => step is UpdatePrimaryRegionStep))
        {
            errors.Add(ReconcileError.Transient(
                Reasons.Progressing, $"The primary of {key.KeyId} moves to {key.PrimaryRegion}; both keys are {KeyStates.Updating} for some seconds, and are compared after that."));
        }

        return new ExecutedPlan(key, done, ReconcileError.Join(errors), policyNote);
    }

    private KeyResult Complete<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, ExecutedPlan executed, ReconcileError? error,
        IReadOnlyDictionary<string, string> aliasHolders, bool isDrift, bool isNew)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var (key, done, _, policyNote) = executed;
        var now = context.Now;
        var complete = error is null;

        // Within the window after a write the list of aliases may be older than an alias that a call without an answer has put.
        var isConclusive = !(now - status.LastChangedAt < settings.ConsistencyWindow);
        var isVerified = complete && done.Count == 0 && !isNew && isConclusive;
        var next = KeyStatusFields.Observed(status, desired, key, complete, aliasHolders);
        next = next with
        {
            ClassName = resolved.ClassName,
            Service = desired.Service,
            Plan = null,
            PendingAliasName = complete ? null : status.PendingAliasName,
            FormerAliasNames = AliasHistory.FormerAfter(status, [desired.AliasName, .. next.AdditionalAliases ?? []], isVerified),
            FormerGrantNames = GrantHistory.FormerAfter(status, next, isVerified),
            DesiredSha256 = resolved.DesiredSha256,

            // A time in the future (a clock that was ahead) must not postpone the next comparison.
            LastChangedAt = isNew || done.Count > 0 || status.LastChangedAt > now ? now : status.LastChangedAt,
            LastVerifiedAt = complete ? now : status.LastVerifiedAt,
        };
        if (!done.Any(step => step is UpdatePrimaryRegionStep))
        {
            PrimaryNotes.Report(context, status, desired, key);
        }

        if (done.Count > 0)
        {
            Report(context, key, done, isDrift, isNew, policyNote);
        }

        if (error is not null)
        {
            var isChanging = key.KeyState is KeyStates.Creating or KeyStates.Updating || done.Any(step => step is CancelKeyDeletionStep);
            return KeyResult.Failed(next, error) with { IsCompared = true, RequeueAfter = isChanging ? TransitionPeriod : null };
        }

        ownership.Release(desired.Owner.Uid);
        context.Cache.CompareAt = resolved.IsContradicted(next) ? now + ContradictionPeriod : schedule.Next(next);
        return KeyResult.Ready(next) with { IsCompared = true, RequeueAfter = context.Cache.CompareAt - now, Note = PrimaryNotes.NoteFor(context.Resource, next) + KeyRotation.NoteFor(context, next, desired) };
    }

    private void Report<T>(ReconcileContext<T> context, ObservedKey key, IReadOnlyList<KeyStep> done, bool isDrift, bool isNew, string? policyNote)
        where T : class, IKeyResource
    {
        logger.LogInformation("{Arn}: {Steps}", key.Arn, string.Join("; ", done));
        if (policyNote is not null)
        {
            // Nobody has changed that policy, as far as one can see.
            logger.LogInformation("{Arn}: {Note}", key.Arn, policyNote);
            context.RecordEvent(EventType.Normal, Reasons.Progressing, "PutKeyPolicy", $"{key.Arn}: {policyNote}");
            done = [.. done.Where(step => step is not PutKeyPolicyStep)];
        }

        if (done.Count == 0 || isNew)
        {
            // Of a new key one event says that it is there.
            return;
        }

        var steps = string.Join("; ", done);
        context.RecordEvent(
            isDrift ? EventType.Warning : EventType.Normal,
            Reasons.Progressing,
            done[0].Operation,
            isDrift ? $"{key.Arn} was changed by somebody else and is put right: {steps}" : steps);
    }

    private Task<AliasReading> ReadAliasesAsync<T>(
        ReconcileContext<T> context, KeyStatus status, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        region.Aliases.ReadAsync(
            desired.AliasNames.Union(AliasHistory.NamesIn(status)),
            ComparisonSchedule.AliasesNotBefore(context, status),
            schedule.Doubt(context.IsComparisonAsked),
            cancellationToken);

    private static KeyResult Acknowledge(KeyResult result, string? reconcileAt) =>
        reconcileAt is null ? result : result with { Status = result.Status with { LastHandledReconcileAt = reconcileAt } };

    private static ReconcileError Explain(AwsFailure failure, KeyStep step, ObservedKey before, DesiredKey desired, bool isRecent)
    {
        if (failure.Kind == AwsFailureKind.TooManyTags)
        {
            var foreign = before.Tags.Keys.Except(desired.Tags.Keys).Where(tag => !tag.StartsWith(TagNames.Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
            var names = string.Join(", ", foreign.Take(MaxNamedTags)) + (foreign.Length > MaxNamedTags ? $" and {foreign.Length - MaxNamedTags} more" : "");
            return ReconcileError.Terminal(
                Reasons.QuotaExceeded,
                $"{before.Arn} has {before.Tags.Count} tags, a key has at most {KeyTags.MaxTags}, and AWS permits no more ({failure.Code}: {failure.Message.TrimEnd('.')}). "
                + $"{foreign.Length} of them are not this resource's: {names}. Remove some from the key, or tags from spec.tags or the KeyClass; it is tried again.");
        }

        if (failure.Kind == AwsFailureKind.InvalidPrincipal && DeletedPrincipals.Find(before.Policy) is [var deleted, ..])
        {
            return ReconcileError.Terminal(
                Reasons.PrincipalDeleted,
                $"{before.Arn}: {deleted.PrincipalId} in statement {deleted.Statement} stands for a principal that was deleted, and the policy "
                + "cannot be put again while it does not exist. Create the role or user again, or remove it from access or policy.");
        }

        var subject = step switch
        {
            CreateAliasStep alias => alias.Name,
            CreateGrantStep create => $"{create.Grant.Name} of {before.Arn}",
            RevokeGrantStep revoke => $"{GrantName.InSpec(revoke.Grant.KmsName)} of {before.Arn}",
            _ => before.Arn,
        };
        return PrimaryNotes.FindMoved(failure, before.Arn) ?? AwsReconcileError.ForStep(failure, subject, before.Policy, isRecent);
    }

    /// <summary>What the execution of a plan came to.</summary>
    /// <param name="Key">The key after the last step that succeeded.</param>
    /// <param name="Done">The steps that succeeded.</param>
    /// <param name="Error">Why the key is not as desired; null when it is.</param>
    /// <param name="PolicyNote">What to say of a policy that KMS gives back otherwise than it was put; null for nothing.</param>
    private sealed record ExecutedPlan(ObservedKey Key, IReadOnlyList<KeyStep> Done, ReconcileError? Error, string? PolicyNote);
}
