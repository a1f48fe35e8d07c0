using Amazon;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Status;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Keys.Delete;

/// <summary>Schedules the deletion of a key and deletes its aliases.</summary>
internal sealed class ScheduledDeletion(
    RegionalClientFactory regions, OwnershipIndex index, OwnerTagRepair ownerTags, KeyRetention retention, OperatorSettings settings, ILogger<ScheduledDeletion> logger)
{
    /// <summary>How old a decision may be when it is carried out. It is longer than all that is read for one takes, also over new connections to far Regions.</summary>
    public static readonly TimeSpan DecisionPeriod = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Schedules the deletion, if nothing forbids it, the resource is still as it was read, and the key was looked at within the last 15 seconds.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="request">What is to happen to the key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<DeletionOutcome> DeleteAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var status = context.Status;
        var lookedAt = context.Now;
        var (seen, unread) = await ownerTags.ObserveAsync(context, request.Owner, region, mayWrite: true, cancellationToken);
        if (unread is not null)
        {
            return DeletionOutcome.Blocked(unread);
        }

        if (seen is not { } observed)
        {
            return DeletionOutcome.Missing;
        }

        context.Cache.Unseen = null;
        observed = region.ReplaceStale(observed, settings.ConsistencyWindow);
        if (CancelledDeletion.Find(context, request.Owner, seen, observed, settings.ConsistencyWindow) is { } doubt)
        {
            return DeletionOutcome.Blocked(doubt, TransitionPeriod);
        }

        if (seen.MultiRegionKeyType == "PRIMARY" && observed.MultiRegionKeyType != "PRIMARY")
        {
            return DeletionOutcome.Blocked(
                ReconcileError.Transient(
                    Reasons.Deleting, $"KMS shows {seen.Arn} as the primary. That may be the state before the operator moved the primary to {observed.PrimaryRegion}, so the operator looks again."),
                TransitionPeriod);
        }

        if (observed is { MultiRegionKeyType: "REPLICA", KeyState: not KeyStates.PendingDeletion } && MayBeMoved(context, request))
        {
            return DeletionOutcome.Blocked(
                ReconcileError.Transient(
                    Reasons.Deleting, $"KMS shows {seen.Arn} as a replica. That may be the state before an earlier process of the operator moved the primary, so the operator looks again."),
                TransitionPeriod);
        }

        var aliases = await region.Aliases.ReadAsync(AliasHistory.NamesIn(status), context.Now, settings.ConsistencyWindow, cancellationToken);
        observed = observed with { AliasTargets = aliases.Targets };
        var isLivingPrimary = observed.MultiRegionKeyType == "PRIMARY" && !KeyStates.IsPendingDeletion(observed.KeyState);
        var replicas = isLivingPrimary ? await FindReplicasAsync(context, request, observed, cancellationToken) : null;
        var plan = KeyPlanner.PlanDeletion(request.PendingDeletionWindowDays, observed, request.Owner, KeyStatusFields.RecordOf(status), replicas, MayBeReleased(context, observed));
        if (request.Owner.HasMarkedForDeletion(seen) && KeyStates.IsPendingDeletion(seen.KeyState) && (plan.Steps is [DeleteAliasStep, ..] || !context.Cache.IsDeletionSent))
        {
            // The deletion was scheduled before. A process that was killed may have sent DeleteAlias since: while the resource stays, no other gets the alias. Or it sent CancelKeyDeletion,
            // where the policy was another one in between: KMS may not show that yet.
            context.Cache.DelayRelease(context.LatestForeignCall);
        }

        if (plan.Steps.Any(step => step is ScheduleKeyDeletionStep))
        {
            // A deletion is decided on what the server says now, and not on a cache.
            if (!await IsCurrentAsync(context, request, cancellationToken))
            {
                return DeletionOutcome.Outdated;
            }

            if (await DeletionGuard.FindAsync(context, request.Parent, observed, region, settings.DeletionGuard, cancellationToken) is { } guard)
            {
                return request.NamespaceIsTerminating
                    ? await retention.RetainAsync(context, request, region, guard.Message, cancellationToken)
                    : DeletionOutcome.Blocked(guard);
            }
        }

        if (plan.Errors is [{ Reason: Reasons.KeyConflict }, ..])
        {
            // KMS did not show the key when it was checked whose it is, or somebody has given it to another resource since.
            context.DoubtKey();
            return DeletionOutcome.Outdated;
        }

        if (plan.Errors is [var error, ..])
        {
            return error.IsTerminal && request.NamespaceIsTerminating ? await retention.RetainAsync(context, request, region, error.Message, cancellationToken)
                : DeletionOutcome.Blocked(error, TransitionPeriod, KeyStatusFields.Observed(status, observed));
        }

        try
        {
            if (await ExecuteAsync(context, request, region, plan, observed, replicas, lookedAt, cancellationToken) is not { } after)
            {
                return DeletionOutcome.Outdated;
            }

            observed = after;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "ScheduleKeyDeletion") is { Kind: AwsFailureKind.AccessDenied } failure && plan.Steps.Any(step => step is ScheduleKeyDeletionStep))
        {
            return DeletionOutcome.Blocked(AwsReconcileError.ForStep(failure, observed.Arn, observed.Policy, context.IsRecent(settings.ConsistencyWindow)));
        }

        var next = KeyStatusFields.Observed(status, observed);
        if (!request.NamespaceIsTerminating && observed.KeyState == KeyStates.PendingReplicaDeletion
            && await FindRemainingReplicasAsync(context, observed, request, cancellationToken) is { Count: > 0 } remaining)
        {
            return DeletionOutcome.Blocked(
                ReconcileError.Terminal(
                    Reasons.ReplicasRemain,
                    $"{observed.Arn} is {observed.KeyState}: KMS deletes it only after its replicas, and nobody has scheduled the deletion of {string.Join(", ", remaining)}. "
                    + "Delete them, or cancel the deletion (CancelKeyDeletion)."),
                status: next);
        }

        var date = observed.DeletionDate is { } on ? $"on {on.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "once its replicas are gone";
        return DeletionOutcome.Released($"{observed.Arn} will be deleted by KMS {date}.", next);
    }

    /// <returns>The key after the steps; null when the resource has changed before its deletion was scheduled, or the look at the key is too old.</returns>
    private async Task<ObservedKey?> ExecuteAsync<T>(
        ReconcileContext<T> context,
        DeletionRequest request,
        RegionalClients region,
        KeyPlan plan,
        ObservedKey observed,
        ReplicasInDeletion? replicas,
        DateTimeOffset lookedAt,
        CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        foreach (var step in plan.Steps)
        {
            // The mark may have taken long. Meanwhile somebody may have changed what is to become of the key, or have replicated it.
            if (step is ScheduleKeyDeletionStep && step != plan.Steps[0]
                && (!await IsCurrentAsync(context, request, cancellationToken)
                    || (replicas is { WholeKeyGoes: true } && await FindRemainingReplicasAsync(context, observed, request, cancellationToken) is { Count: > 0 })))
            {
                return null;
            }

            // While this process stood still, or waited for AWS, somebody may have made the key a primary.
            if (step is ScheduleKeyDeletionStep && context.Now - lookedAt > DecisionPeriod)
            {
                logger.LogInformation("{Arn}: its deletion was decided {Seconds:0} s ago, so the operator looks at the key again.", observed.Arn, (context.Now - lookedAt).TotalSeconds);
                return null;
            }

            try
            {
                context.Cache.IsDeletionSent |= step is ScheduleKeyDeletionStep;
                context.Cache.IsReleaseWritten &= step is not UntagResourceStep;
                observed = await StepExecution.ExecuteAsync(context, region, step, observed, cancellationToken);
            }
            catch (Exception e) when (step is TagResourceStep or UntagResourceStep && AwsFailure.Of(e, cancellationToken) is { IsForNow: false, Kind: not AwsFailureKind.InvalidState } failure)
            {
                // Without the tag a later resource of the name does not cancel the deletion. That is no reason not to delete.
                logger.LogWarning("{Arn}: {Step}: {Code}: {Message}", observed.Arn, step, failure.Code, failure.Message);
                continue;
            }

            context.Cache.ProlongUnanswered(context.Now, settings.ConsistencyWindow);
            context.RecordEvent(EventType.Normal, Reasons.Deleting, step.Operation, $"{observed.Arn}: {step}");
            logger.LogInformation("{Arn}: {Step}", observed.Arn, step);
        }

        return observed;
    }

    /// <summary>What the deletion of a primary depends on.</summary>
    private async Task<ReplicasInDeletion> FindReplicasAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, ObservedKey primary, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var wholeKeyGoes = request.Owner.Kind == ServiceKey.KindName || request.Parent?.Metadata.DeletionTimestamp is not null;
        var mayBeOld = context.Now - context.Resource.Metadata.DeletionTimestamp < settings.ConsistencyWindow;
        return new ReplicasInDeletion(wholeKeyGoes, wholeKeyGoes ? await FindRemainingReplicasAsync(context, primary, request, cancellationToken) : [], mayBeOld);
    }

    /// <summary>
    /// Whether the key may be marked as left behind although KMS does not show that: the resource's policy was <c>Retain</c> earlier in this deletion, or an earlier resource of the name left
    /// the key just before this one was made. Another process may have written the mark.
    /// </summary>
    private bool MayBeReleased<T>(ReconcileContext<T> context, ObservedKey key)
        where T : class, IKeyResource
    {
        var meta = context.Resource.Metadata;
        return context.Cache.IsReleaseSent
            || (meta.DeletionTimestamp <= context.FirstSeenAt && context.Now - context.FirstSeenAt < settings.ConsistencyWindow)
            || (key.CreationDate < meta.CreationTimestamp && context.Now - meta.CreationTimestamp < AwsClients.CallTimeout + settings.ConsistencyWindow);
    }

    /// <summary>Whether a process before this one may have moved the primary here, and KMS may not show that yet: the status that it wrote last says that the key is being changed.</summary>
    private bool MayBeMoved<T>(ReconcileContext<T> context, DeletionRequest request)
        where T : class, IKeyResource =>
        (context.Status.KeyState == KeyStates.Updating || request.Parent?.Status?.KeyState == KeyStates.Updating) && context.Now - context.FirstSeenAt < settings.ConsistencyWindow;

    private static async Task<bool> IsCurrentAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        await context.IsCurrentAsync(cancellationToken)
        && await request.IsInheritanceCurrentAsync(cancellationToken)
        && !(request.HasReplicasAsync is { } hasReplicas && await hasReplicas(cancellationToken));

    /// <summary>
    /// The replicas of a primary whose deletion nobody has scheduled. KMS may not show a new one at the primary yet, so the Regions are asked where the spec has replicas,
    /// the status had one, or a KeyReplica names the key by its ARN. A Region that KMS does not name and that may not be asked holds nothing back: there may never have been a replica.
    /// </summary>
    private async Task<List<string>> FindRemainingReplicasAsync<T>(ReconcileContext<T> context, ObservedKey primary, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var serviceKey = context.Resource as ServiceKey ?? request.Parent;
        var named = primary.ReplicaArns.Select(arn => Arn.Parse(arn).Region).ToHashSet(StringComparer.Ordinal);
        var remaining = new List<string>();
        foreach (var replicaRegion in named
            .Concat(serviceKey?.Spec.ReplicaRegions ?? []).Concat(context.Status.Replicas?.Select(row => row.Region) ?? [])
            .Concat(index.RegionsOfReplicasByArn(primary.KeyId)).Distinct().Where(other => other != request.Access!.Region))
        {
            try
            {
                var clients = regions.For(request.Access! with { Region = replicaRegion }).Clients;
                if (await KeyObserver.DescribeAsync(clients.Reading, primary.KeyId, cancellationToken) is { } replica && !KeyStates.IsPendingDeletion(replica.KeyState))
                {
                    remaining.Add(replica.Arn);
                }
            }
            catch (Exception e) when (!named.Contains(replicaRegion)
                && AwsFailure.Of(e, cancellationToken) is { IsForNow: false } failure)
            {
                logger.LogInformation("{Arn}: whether it has a replica in {Region} is not known: {Code}: {Message}", primary.Arn, replicaRegion, failure.Code, failure.Message);
            }
        }

        return remaining;
    }
}
