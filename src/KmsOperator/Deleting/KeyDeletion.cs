using Amazon;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Lets a deleted resource go, once its key is taken care of as the deletion policy says.</summary>
internal sealed class KeyDeletion(
    RegionalClientFactory regions, AccountCheck accounts, PendingCreateRecovery settlement, ReconcileCache cache, OperatorSettings settings, ILogger<KeyDeletion> logger)
{
    private static readonly TimeSpan MissingPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Does the next part of a deletion. The finalizer goes only when AWS has accepted, or there is no key.</summary>
    /// <param name="context">A resource that is being deleted and carries the operator's finalizer.</param>
    /// <param name="request">What is to become of the key.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<ReconcileResult> FinalizeAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        context.Cache.FirstSeenAt ??= context.Now;
        if (context.Status.KeyId is null && context.Status.Creation is null)
        {
            return await ReleaseAsync(context, "There is no key.", cancellationToken);
        }

        if (request.LeftBecause is { } because && (context.Status.KeyId is not null || request.Access is null || context.Resource.Suspended))
        {
            return await ReleaseAsync(context, $"{Key(context)} stays as it is: {because}.", cancellationToken);
        }

        var obstacle = request.Access is null
            ? ReconcileError.Terminal(
                Reasons.ClassNotFound, $"KeyClass {context.Status.ClassName} is gone and with it the way into account {context.Status.AccountId}. Put the class back.")
            : context.Status.AccountId is { } accountId
                ? await accounts.FindMismatchAsync(request.Access, accountId, context.Status.ClassName ?? "", cancellationToken)
                : null;
        if (obstacle is not null)
        {
            // Nothing can be written, and where the key stays nothing need be. What comes right by itself is waited for.
            return obstacle.IsTerminal && (!request.DeleteKey || request.NamespaceIsTerminating)
                ? await ReleaseAsync(context, $"{Key(context)} is retained, and so is its alias; its tags do not say so: {obstacle.Message}", cancellationToken)
                : await BlockAsync(
                    context,
                    obstacle with { Message = $"{Key(context)} is to be deleted. {obstacle.Message} Or set spec.deletionPolicy: Retain to leave the key." },
                    null,
                    cancellationToken);
        }

        var region = regions.For(request.Access!);
        if (context.Status.KeyId is null)
        {
            var settled = await settlement.SettleAsync(context, region, context.Status.Creation!, null, cancellationToken);
            if (settled.Error is { } open)
            {
                return await BlockAsync(context, open, settled.RequeueAfter, cancellationToken);
            }

            return settled.Found
                ? await FinalizeAsync(context, request, cancellationToken)
                : await ReleaseAsync(context, "No key was made.", cancellationToken);
        }

        try
        {
            var result = request.DeleteKey
                ? await DeleteKeyAsync(context, request, region, cancellationToken)
                : await RetainKeyAsync(context, request, region, null, cancellationToken);
            return result with { FlowOutcome = FlowOutcome.Served };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return await BlockAsync(context, AwsReconcileError.For(failure, context.Status.Arn!, context.IsRecent(settings.ConsistencyWindow)), null, cancellationToken);
        }
    }

    /// <summary>What would forbid to schedule the key's deletion, asked before its replicas go, which would go for nothing.</summary>
    /// <returns>Null where nothing does, or where there is nothing to schedule.</returns>
    public async Task<ReconcileError?> FindGuardAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!request.DeleteKey || request.Access is null || request.LeftBecause is not null || context.Status.KeyId is not { } keyId)
        {
            return null;
        }

        try
        {
            var region = regions.For(request.Access);
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } key || KeyStates.IsPendingDeletion(key.KeyState))
            {
                return null;
            }

            key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken) };
            return KeyCompatibility.FindForeignOwner(key, request.Owner) is null
                ? await DeletionGuard.FindAsync(context, request.Maker, key, region, settings.DeletionGuard, cancellationToken)
                : null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return AwsReconcileError.For(failure, context.Status.Arn!, context.IsRecent(settings.ConsistencyWindow));
        }
    }

    private async Task<ReconcileResult> DeleteKeyAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.ObserveAsync(region.Clients.Reading, context.Status.KeyId!, cancellationToken) is not { } observed)
        {
            return await MissingAsync(context, cancellationToken);
        }

        context.Cache.MissingSince = null;
        var aliases = await region.Aliases.ReadAsync(KeyStatusFields.AliasNamesOf(context.Status), context.Now, settings.ConsistencyWindow, cancellationToken);
        observed = observed with { AliasTargets = aliases.Targets };
        var plan = KeyPlanner.PlanDeletion(
            request.PendingDeletionWindowDays, observed, request.Owner, KeyStatusFields.RecordOf(context.Status));
        if (plan.Steps.Any(step => step is ScheduleKeyDeletionStep))
        {
            // What destroys rests on what the server says now, not on a cache.
            if (!await context.IsCurrentAsync(cancellationToken) || !await request.IsCurrentAsync(cancellationToken))
            {
                return ReconcileResult.Retry;
            }

            if (await DeletionGuard.FindAsync(context, request.Maker, observed, region, settings.DeletionGuard, cancellationToken) is { } guard)
            {
                return request.NamespaceIsTerminating
                    ? await RetainKeyAsync(context, request, region, guard.Message, cancellationToken)
                    : await BlockAsync(context, guard, null, cancellationToken);
            }
        }

        if (plan.Errors is [var error, ..])
        {
            // Somebody else's key is not an orphan: it has an owner.
            return error.Reason == Reasons.KeyConflict
                ? await ReleaseAsync(context, error.Message, cancellationToken)
                : await BlockAsync(context, error, MissingPeriod, cancellationToken);
        }

        foreach (var step in plan.Steps)
        {
            try
            {
                observed = await KeyPlanExecutor.ExecuteAsync(context, region, step, observed, cancellationToken);
            }
            catch (Exception e) when (step is TagResourceStep && !cancellationToken.IsCancellationRequested
                && AwsFailure.Of(e) is { Kind: not (AwsFailureKind.Throttled or AwsFailureKind.Unavailable or AwsFailureKind.InvalidState) } failure)
            {
                // Without the mark the deletion is not taken back by itself, which is no reason not to do what is asked for.
                logger.LogWarning("{Arn}: {Step}: {Code}: {Message}", observed.Arn, step, failure.Code, failure.Message);
                continue;
            }

            context.Report(EventType.Normal, Reasons.Deleting, step.Operation, $"{observed.Arn}: {step}");
            logger.LogInformation("{Arn}: {Step}", observed.Arn, step);
        }

        context.Status = KeyStatusFields.Observed(context.Status, observed);
        if (!request.NamespaceIsTerminating && observed.KeyState == KeyStates.PendingReplicaDeletion
            && await FindLivingReplicasAsync(observed, request, cancellationToken) is { Count: > 0 } living)
        {
            return await BlockAsync(
                context,
                ReconcileError.Terminal(
                    Reasons.ReplicasRemain,
                    $"{observed.Arn} is {observed.KeyState}: KMS deletes it only after its replicas, and nobody has scheduled the deletion of {string.Join(", ", living)}. "
                    + "Delete them, or cancel the deletion (CancelKeyDeletion)."),
                null,
                cancellationToken);
        }

        var date = observed.DeletionDate is { } on ? $"on {on.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "once its replicas are gone";
        await context.SaveAsync(ReadyCondition.Waiting(Reasons.PendingDeletion, $"{observed.Arn} will be deleted by KMS {date}."), cancellationToken);
        return await ReleaseAsync(context, $"{observed.Arn} will be deleted by KMS {date}.", cancellationToken);
    }

    /// <summary>Leaves the key and says so in its tags. What cannot be said does not hold the resource back.</summary>
    private async Task<ReconcileResult> RetainKeyAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, RegionalClients region, string? because, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var note = $"{Key(context)} is retained, and so is its alias{(because is null ? "." : $": the namespace is being deleted, and {because}")}";
        try
        {
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, context.Status.KeyId!, cancellationToken) is not { } key)
            {
                // A resource of the same name must be able to find the key again.
                return await MissingAsync(context, cancellationToken);
            }
            else
            {
                context.Cache.MissingSince = null;
                key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, key.KeyId, cancellationToken) };
                foreach (var step in KeyPlanner.PlanRetention(key, request.Owner, context.Now).Steps)
                {
                    key = await KeyPlanExecutor.ExecuteAsync(context, region, step, key, cancellationToken);
                    logger.LogInformation("{Arn}: {Step}", key.Arn, step);
                }
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { Kind: not (AwsFailureKind.Throttled or AwsFailureKind.Unavailable) } failure)
        {
            note += $" Its tags do not say so: {failure.Code}: {failure.Message}";
        }

        return await ReleaseAsync(context, note, cancellationToken);
    }

    /// <summary>Replicas of a primary that are not on their way out.</summary>
    private async Task<List<string>> FindLivingReplicasAsync(ObservedKey primary, DeletionRequest request, CancellationToken cancellationToken)
    {
        var living = new List<string>();
        foreach (var arn in primary.ReplicaArns)
        {
            var clients = regions.For(request.Access! with { Region = Arn.Parse(arn).Region }).Clients;
            if (await KeyObserver.DescribeAsync(clients.Reading, primary.KeyId, cancellationToken) is { } replica && !KeyStates.IsPendingDeletion(replica.KeyState))
            {
                living.Add(arn);
            }
        }

        return living;
    }

    private static string Key<T>(ReconcileContext<T> context)
        where T : class, IKeyResource => context.Status.Arn ?? "Whatever was made";

    private async Task<ReconcileResult> MissingAsync<T>(ReconcileContext<T> context, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var since = context.Cache.MissingSince ??= context.Now;
        return context.Now - since < settings.ConsistencyWindow
            ? await BlockAsync(
                context,
                ReconcileError.Transient(Reasons.Deleting, $"KMS does not show {context.Status.Arn}; it is looked for again before it is taken for gone."),
                MissingPeriod,
                cancellationToken)
            : await ReleaseAsync(context, $"{context.Status.Arn} is gone.", cancellationToken);
    }

    private static async Task<ReconcileResult> BlockAsync<T>(ReconcileContext<T> context, ReconcileError error, TimeSpan? requeueAfter, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        await context.SaveAsync(ReadyCondition.Of(error), cancellationToken);
        return ReconcileResults.Again(error, requeueAfter, talkedToAws: false);
    }

    private async Task<ReconcileResult> ReleaseAsync<T>(ReconcileContext<T> context, string note, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        context.Report(EventType.Normal, Reasons.Deleting, "Release", note);
        await context.RemoveFinalizerAsync(cancellationToken);
        cache.Forget(context.Resource.Metadata.Uid ?? "");
        return ReconcileResult.Done;
    }
}
