using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Material;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Rotate;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Keys.Update;

/// <summary>Compares a key that was read with what is desired, plans what it lacks, and does it.</summary>
internal sealed class KeyUpdate(
    PlanExecution execution, KeyRotation rotation, SecretMaterials materials, OwnershipCheck ownership, ComparisonSchedule schedule, OperatorSettings settings, ILogger<KeyUpdate> logger)
{
    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ContradictionPeriod = TimeSpan.FromMinutes(1);

    /// <summary>Brings the key to what is desired. Of a key that was created just now that is its alias and its rotation.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="found">The key's status and Region.</param>
    /// <param name="read">The key as it is.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<KeyResult> ApplyAsync<T>(
        ReconcileContext<T> context, FoundKey found, KeyObservation read, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var (status, region) = (found.Status, found.Region);
        var (observed, isNew) = (read.Key, read.IsNew);
        var desired = resolved.Desired;
        var aliasHolders = await ownership.FindAliasHoldersAsync(region, status, desired, observed.AliasTargets, observed.KeyId, cancellationToken);
        using var material = await materials.ReadAsync(context.Namespace, desired, observed, context.Now, cancellationToken);
        var plan = KeyPlanner.Plan(desired, observed, KeyStatusFields.RecordOf(status) with
        {
            MaterialSource = material.Source,
            AliasHolders = aliasHolders,
            LateAliasWrites = ownership.FindLateAliasWrites(region, desired, observed.KeyId),
            TagsMayBeOld = context.Now - context.FirstSeenAt < settings.ConsistencyWindow,
            IsNew = isNew,
        });
        plan = read.UnreadGrants is { } unread ? plan with { Errors = [.. plan.Errors, unread] } : plan;
        if (!isNew && !plan.Steps.Any(step => step is PutKeyPolicyStep))
        {
            PolicyReadBack.Shown(context.Cache, desired.Policy);
        }

        if (desired.ObserveOnly)
        {
            PrimaryNotes.Report(context, status, desired, observed);
            status = await WithLastUseAsync(status, region, observed, cancellationToken);
            return ObserveOnly.Report(context, status, resolved, observed, plan, schedule.Next(context.Now, changedAt: null, observed.FirstExpiry));
        }

        // The key was as described, and the description has not changed since: somebody else has changed the key. The hash is gone where an earlier try was
        // recorded and did not end.
        var isDrift = !found.IsSpecNew && ((found.BeforeChange ?? status).DesiredSha256 ?? context.Cache.DriftSha256) == resolved.DesiredSha256;
        context.Cache.DriftSha256 = isDrift && plan.Steps.Count > 0 ? resolved.DesiredSha256 : null;
        if (plan.Steps.Count > 0 && !isNew)
        {
            status = await RecordChangeAsync(context, found, desired, observed, plan, cancellationToken);
        }
        else if (found.BeforeChange is { } before)
        {
            // Nothing is changed after all.
            status = status with { LastChangedAt = before.LastChangedAt };
        }

        var executed = await execution.ExecuteAsync(context, region, plan, resolved, observed, material.Material, isDrift, cancellationToken);
        if (executed.Done.OfType<ImportKeyMaterialStep>().LastOrDefault() is { } imported)
        {
            status = status with { Material = MaterialFields.Of(imported, material.Source?.Version) };
        }

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

    /// <summary>
    /// Before the key is read: makes sure that a change of it would be known after a crash, and that the resource is as it was read. A new spec is known by its generation. Where a class has
    /// changed, the status says it, unless the plan is needed for that: new aliases and grants are recorded by name.
    /// </summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone. Nothing may be done.</exception>
    public static async Task<FoundKey> PrepareAsync<T>(ReconcileContext<T> context, FoundKey found, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var (before, desired) = (found.Status, resolved.Desired);
        if (found.Created is not null || desired.ObserveOnly)
        {
            return found;
        }

        // Also where nothing is to be changed: a change that was begun for another spec may still arrive, so the key is compared once more after the window.
        var changing = before with { LastChangedAt = context.Now };
        if (context.IsSpecNew)
        {
            await context.ConfirmAsync(cancellationToken);
            return found with { Status = changing, IsSpecNew = true };
        }

        var isChanged = before.DesiredSha256 is { } hash && hash != resolved.DesiredSha256;
        if (!isChanged || desired.AliasName != before.AliasName || !desired.AdditionalAliases.ToHashSet().SetEquals(before.AdditionalAliases ?? []) || desired.Grants.Count > 0)
        {
            return found;
        }

        changing = changing with { DesiredSha256 = null };
        await context.RecordAsync(changing, $"{before.Arn} is being changed as its class says.", cancellationToken);
        return found with { Status = changing, BeforeChange = before };
    }

    /// <summary>The status with the key's last use. It is for people only: no decision depends on it, so a failure leaves the status as it was.</summary>
    private static async Task<KeyStatus> WithLastUseAsync(KeyStatus status, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await region.GetLastUseIfFreeAsync(key.KeyId, cancellationToken) is { } use ? status with { LastUsed = use.At } : status;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
        {
            return status;
        }
    }

    /// <summary>
    /// Before the first step: from then on the key is no longer what the status says, also if this process ends or the spec changes back
    /// meanwhile. A reconcile that is based on an old resource stops here, before anything is done.
    /// </summary>
    private static async Task<KeyStatus> RecordChangeAsync<T>(
        ReconcileContext<T> context, FoundKey found, DesiredKey desired, ObservedKey observed, KeyPlan plan, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var before = found.Status;
        var given = plan.Steps.Where(step => step is CreateAliasStep or UpdateAliasStep).Select(step => step.AliasName!).ToArray();
        var pending = given.Contains(desired.AliasName) && before.AliasName != desired.AliasName
            ? desired.AliasName
            : before.PendingAliasName;
        var isRepeated = before.DesiredSha256 is null && pending == before.PendingAliasName;
        var status = AliasHistory.WithPendingAdditional(AliasHistory.WithPending(before, pending), given.Where(name => name != desired.AliasName)) with { DesiredSha256 = null, LastChangedAt = context.Now };
        status = GrantHistory.WithPending(status, plan.Steps.OfType<CreateGrantStep>().Select(step => step.Grant.Name));

        var isRecorded = found.BeforeChange is not null && status with { LastChangedAt = before.LastChangedAt } == before;
        if (isRecorded || (found.IsSpecNew && !plan.Steps.Any(step => step.NeedsRecord)))
        {
            return status;
        }

        // On a repeated try the conditions keep the error of the try before until this one has ended.
        await context.RecordAsync(
            status, isRepeated ? null : $"{observed.Arn} is being changed: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.", cancellationToken);
        return status;
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

        // Within the window after a write the list of aliases may be older than an alias that a call without an answer has put. The status that had the
        // time of such a call may have been refused, because somebody changed the resource meanwhile.
        var changedAt = context.Cache.ChangeUnansweredAt is { } unansweredAt && !(status.LastChangedAt > unansweredAt) ? unansweredAt : status.LastChangedAt;
        var isConclusive = !(now - changedAt < settings.ConsistencyWindow);
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
            LastChangedAt = isNew || done.Count > 0 || changedAt > now ? now : changedAt,
            LastVerifiedAt = complete ? now : status.LastVerifiedAt,
        };
        ReportLeft(context, status, next);
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
            var isChanging = key.KeyState is KeyStates.Creating or KeyStates.Updating || done.Any(step => step is CancelKeyDeletionStep) || PlanExecution.HasPendingMaterial(done, key);
            return KeyResult.Failed(next, error) with { IsCompared = true, RequeueAfter = isChanging ? TransitionPeriod : null };
        }

        ownership.Release(desired.Owner.Uid);
        context.Cache.DriftSha256 = null;
        context.Cache.CompareAt = resolved.IsContradicted(next) ? now + ContradictionPeriod : schedule.Next(now, next.LastChangedAt, key.FirstExpiry);
        return KeyResult.Ready(next) with { IsCompared = true, RequeueAfter = context.Cache.CompareAt - now, Note = PrimaryNotes.NoteFor(context.Resource, next) + KeyRotation.NoteFor(context, next, desired) + MaterialFields.NoteFor(next) + GrantHistory.NoteFor(next) };
    }

    /// <summary>Tells of grants of others that were what the spec listed: whoever took them out of it may think that the access is gone.</summary>
    private static void ReportLeft<T>(ReconcileContext<T> context, KeyStatus before, KeyStatus after)
        where T : class, IKeyResource
    {
        foreach (var grant in GrantHistory.NewlyLeft(before, after))
        {
            context.RecordEvent(EventType.Warning, Reasons.Progressing, "RevokeGrant", GrantHistory.Explain(grant, after));
        }
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
}
