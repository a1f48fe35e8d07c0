using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Plans what an observed key lacks, and does it.</summary>
internal sealed class PlanExecution(
    KeyRotation rotation,
    AliasReservations claims,
    OwnershipIndex holders,
    ComparisonSchedule schedule,
    OperatorSettings settings,
    OperatorMetrics metrics,
    ILogger<PlanExecution> logger)
{
    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(2);

    /// <summary>What would follow the making of a key that does not exist.</summary>
    public KeyPlan PlanNew<T>(ReconcileContext<T> context, DesiredKey desired, IReadOnlyDictionary<string, string> aliasTargets)
        where T : class, IKeyResource =>
        KeyPlanner.PlanNew(desired, aliasTargets, HolderOfAlias(context.Status, desired, aliasTargets, keyId: null));

    /// <summary>Plans and does what is to be done, and carries the result into the pass's status, which is not written yet.</summary>
    /// <param name="context">The pass.</param>
    /// <param name="resolved">What is wanted.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="desiredSha256">Of what is wanted.</param>
    /// <param name="isNew">Whether the key was made in this pass.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<KeyOutcome> ExecuteAsync<T>(
        ReconcileContext<T> context,
        ResolvedKey resolved,
        RegionalClients region,
        ObservedKey observed,
        string desiredSha256,
        bool isNew,
        CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var aliasHolder = HolderOfAlias(context.Status, desired, observed.AliasTargets, observed.KeyId);
        var plan = KeyPlanner.Plan(desired, observed, KeyStatusFields.RecordOf(context.Status, aliasHolder) with
        {
            TagsMayBeOld = context.Now - context.Cache.FirstSeenAt < settings.ConsistencyWindow,
        });
        if (desired.ObserveOnly)
        {
            return ObserveOnly.Observed(context, resolved, observed, plan, desiredSha256, schedule.AfterVerification());
        }

        // The key was as described and nobody changed what is described: somebody changed the key.
        var isDrift = context.Status.DesiredSha256 == desiredSha256;
        if (plan.Steps.Count > 0 && !isNew)
        {
            await RecordChangeAsync(context, desired, observed, plan, cancellationToken);
        }

        var error = plan.Errors is [var first, ..] ? first : null;
        var before = observed;
        var done = new List<KeyStep>();
        foreach (var step in plan.Steps)
        {
            try
            {
                observed = await KeyPlanExecutor.ExecuteAsync(context, region, step, observed, cancellationToken);
                done.Add(step);
                if (isDrift)
                {
                    metrics.Corrected(step);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, step.Operation) is { } failure)
            {
                error = Explain(failure, step, before, context.IsRecent(settings.ConsistencyWindow));
                context.Cache.AliasesNotBefore = failure.Kind is AwsFailureKind.AlreadyExists or AwsFailureKind.NotFound ? context.Now : context.Cache.AliasesNotBefore;
                break;
            }
        }

        var isTakenBack = done.Any(step => step is CancelKeyDeletionStep);
        if (error is null && isTakenBack)
        {
            // A key that is pending deletion shows neither rotation nor replicas.
            error = ReconcileError.Transient(Reasons.Progressing, $"The deletion of {observed.Arn} was cancelled; the key is compared once more.");
        }

        await KeyRotation.NoteLastRotationAsync(context, region, observed, cancellationToken);
        error ??= await rotation.RotateAsync(context, region, observed, cancellationToken);
        var now = context.Now;
        var complete = error is null;
        var isVerified = complete && plan.Steps.Count == 0 && !isNew;
        context.Status = KeyStatusFields.Observed(context.Status, desired, observed, complete, aliasHolder) with
        {
            ClassName = resolved.ClassName,
            Service = desired.Service,
            Plan = null,
            PendingAliasName = complete ? null : context.Status.PendingAliasName,
            FormerAliasNames = KeyStatusFields.FormerAliasesAfter(context.Status, desired.AliasName, isVerified),
            DesiredSha256 = complete ? desiredSha256 : null,
            // A clock that was ahead does not put off what follows.
            LastChangedAt = isNew || done.Count > 0 || context.Status.LastChangedAt > now ? now : context.Status.LastChangedAt,
            LastVerifiedAt = complete ? now : context.Status.LastVerifiedAt,
        };
        if (done.Count > 0)
        {
            var steps = string.Join("; ", done);
            logger.LogInformation("{Arn}: {Steps}", observed.Arn, steps);
            context.Report(
                isDrift ? EventType.Warning : EventType.Normal,
                Reasons.Progressing,
                done[0].Operation,
                isDrift ? $"{observed.Arn} was changed by somebody else and is put right: {steps}" : steps);
        }

        if (!complete)
        {
            return new KeyOutcome(error, Changed: true, observed.KeyState is KeyStates.Creating or KeyStates.Updating || isTakenBack ? TransitionPeriod : null);
        }

        claims.Release(desired.Owner.Uid);
        context.Cache.CompareAt = schedule.Next(context.Status);
        return new KeyOutcome(null, Changed: true, context.Cache.CompareAt - context.Now);
    }

    /// <summary>
    /// From the first step on the key is no longer what the status says it was brought to, also if this process ends or the spec
    /// changes back meanwhile. And whoever decides on an old state loses here, before anything is done.
    /// </summary>
    private static async Task RecordChangeAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, ObservedKey observed, KeyPlan plan, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var pending = plan.Steps.Any(step => step is CreateAliasStep or UpdateAliasStep) && context.Status.AliasName != desired.AliasName
            ? desired.AliasName
            : context.Status.PendingAliasName;
        var isRepeated = context.Status.DesiredSha256 is null && pending == context.Status.PendingAliasName;
        context.Status = KeyStatusFields.WithPendingAlias(context.Status, pending) with { DesiredSha256 = null, LastChangedAt = context.Now };
        if (isRepeated)
        {
            // What the conditions say of the earlier try stays until this one has ended.
            await context.SaveRecordAsync(cancellationToken);
            return;
        }

        await context.SaveAsync(
            ReadyCondition.Waiting(Reasons.Progressing, $"{observed.Arn} is being changed: {string.Join(", ", plan.Steps.Select(step => step.Operation))}."), cancellationToken);
    }

    /// <summary>Asked only where the alias is not at this key, since it looks at every resource.</summary>
    private string? HolderOfAlias(KeyStatus status, DesiredKey desired, IReadOnlyDictionary<string, string> aliasTargets, string? keyId)
    {
        if (!aliasTargets.TryGetValue(desired.AliasName, out var target) || target == keyId)
        {
            return null;
        }

        // An alias of ours that somebody pointed at another resource's key is put right; one that is to be taken over is not taken from such a key.
        return holders.OfAlias(desired.Location, desired.AliasName, desired.Owner.Uid)
            ?? (status.AliasName == desired.AliasName ? null : holders.OfKey(desired.Location, target, desired.Owner.Uid));
    }

    private static ReconcileError Explain(AwsFailure failure, KeyStep step, ObservedKey before, bool isRecent)
    {
        if (failure.Kind == AwsFailureKind.InvalidPrincipal && DeletedPrincipals.Find(before.Policy) is [var deleted, ..])
        {
            return ReconcileError.Terminal(
                Reasons.PrincipalDeleted,
                $"{before.Arn}: {deleted.PrincipalId} in statement {deleted.Statement} stands for a principal that was deleted, and the policy "
                + "cannot be put again while it does not exist. Create the role or user again, or remove it from access or policy.");
        }

        return AwsReconcileError.For(failure, step is CreateAliasStep alias ? alias.AliasName : before.Arn, isRecent);
    }
}
