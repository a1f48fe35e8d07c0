using Amazon;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Lets a deleted resource go, once its key is taken care of as the deletion policy says.</summary>
internal sealed class KeyDeletion(
    AwsRegions regions, AccountCheck accounts, AttemptSettlement settlement, KeyMemories memories, OperatorSettings settings, ILogger<KeyDeletion> logger)
{
    private static readonly TimeSpan MissingPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Does the next part of a deletion. The finalizer goes only when AWS has accepted, or there is no key.</summary>
    /// <param name="pass">A resource that is being deleted and carries the operator's finalizer.</param>
    /// <param name="request">What is to become of the key.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<ReconcileResult> FinalizeAsync<T>(KeyPass<T> pass, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Memory.FirstSeenAt ??= pass.Now;
        if (pass.Status.KeyId is null && pass.Status.Creation is null)
        {
            return await ReleaseAsync(pass, "There is no key.", cancellationToken);
        }

        if (request.LeftBecause is { } because && (pass.Status.KeyId is not null || request.Access is null || pass.Resource.Suspended))
        {
            return await ReleaseAsync(pass, $"{Key(pass)} stays as it is: {because}.", cancellationToken);
        }

        var obstacle = request.Access is null
            ? Finding.Stalled(
                Reasons.ClassNotFound, $"KeyClass {pass.Status.ClassName} is gone and with it the way into account {pass.Status.AccountId}. Put the class back.")
            : pass.Status.AccountId is { } accountId
                ? await accounts.FindMismatchAsync(request.Access, accountId, pass.Status.ClassName ?? "", cancellationToken)
                : null;
        if (obstacle is not null)
        {
            // Nothing can be written, and where the key stays nothing need be. What comes right by itself is waited for.
            return obstacle.Severity == FindingSeverity.Stalled && (!request.DeleteKey || request.NamespaceIsTerminating)
                ? await ReleaseAsync(pass, $"{Key(pass)} is retained, and so is its alias; its tags do not say so: {obstacle.Message}", cancellationToken)
                : await BlockAsync(
                    pass,
                    obstacle with { Message = $"{Key(pass)} is to be deleted. {obstacle.Message} Or set spec.deletionPolicy: Retain to leave the key." },
                    null,
                    cancellationToken);
        }

        var region = regions.For(request.Access!);
        if (pass.Status.KeyId is null)
        {
            var settled = await settlement.SettleAsync(pass, region, pass.Status.Creation!, null, cancellationToken);
            if (settled.Finding is { } open)
            {
                return await BlockAsync(pass, open, settled.RequeueAfter, cancellationToken);
            }

            return settled.Found
                ? await FinalizeAsync(pass, request, cancellationToken)
                : await ReleaseAsync(pass, "No key was made.", cancellationToken);
        }

        try
        {
            var result = request.DeleteKey
                ? await DeleteKeyAsync(pass, request, region, cancellationToken)
                : await RetainKeyAsync(pass, request, region, null, cancellationToken);
            return result with { GroupServed = true };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return await BlockAsync(pass, AwsFailureFinding.For(failure, pass.Status.Arn!, pass.IsRecent(settings.ConsistencyWindow)), null, cancellationToken);
        }
    }

    /// <summary>What would forbid to schedule the key's deletion, asked before its replicas go, which would go for nothing.</summary>
    /// <returns>Null where nothing does, or where there is nothing to schedule.</returns>
    public async Task<Finding?> FindGuardAsync<T>(KeyPass<T> pass, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!request.DeleteKey || request.Access is null || request.LeftBecause is not null || pass.Status.KeyId is not { } keyId)
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
            return KeyFit.FindForeignOwner(key, request.Owner) is null
                ? await DeletionGuard.FindAsync(pass, request.Maker, key, region, settings.DeletionGuard, cancellationToken)
                : null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return AwsFailureFinding.For(failure, pass.Status.Arn!, pass.IsRecent(settings.ConsistencyWindow));
        }
    }

    private async Task<ReconcileResult> DeleteKeyAsync<T>(
        KeyPass<T> pass, DeletionRequest request, AwsRegion region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.ObserveAsync(region.Clients.Reading, pass.Status.KeyId!, cancellationToken) is not { } observed)
        {
            return await MissingAsync(pass, cancellationToken);
        }

        pass.Memory.MissingSince = null;
        var aliases = await region.Aliases.ReadAsync(KeyStatusFields.AliasNamesOf(pass.Status), pass.Now, settings.ConsistencyWindow, cancellationToken);
        observed = observed with { AliasTargets = aliases.Targets };
        var plan = KeyPlanner.PlanDeletion(
            request.PendingDeletionWindowDays, observed, request.Owner, KeyStatusFields.RecordOf(pass.Status));
        if (plan.Steps.Any(step => step is ScheduleKeyDeletionStep))
        {
            // What destroys rests on what the server says now, not on a cache.
            if (!await pass.IsCurrentAsync(cancellationToken) || !await request.IsCurrentAsync(cancellationToken))
            {
                return ReconcileResult.Retry;
            }

            if (await DeletionGuard.FindAsync(pass, request.Maker, observed, region, settings.DeletionGuard, cancellationToken) is { } guard)
            {
                return request.NamespaceIsTerminating
                    ? await RetainKeyAsync(pass, request, region, guard.Message, cancellationToken)
                    : await BlockAsync(pass, guard, null, cancellationToken);
            }
        }

        if (plan.Findings is [var finding, ..])
        {
            // Somebody else's key is not an orphan: it has an owner.
            return finding.Reason == Reasons.KeyConflict
                ? await ReleaseAsync(pass, finding.Message, cancellationToken)
                : await BlockAsync(pass, finding, MissingPeriod, cancellationToken);
        }

        foreach (var step in plan.Steps)
        {
            try
            {
                observed = await KeyPlanExecutor.ExecuteAsync(pass, region, step, observed, cancellationToken);
            }
            catch (Exception e) when (step is TagResourceStep && !cancellationToken.IsCancellationRequested
                && AwsFailure.Of(e) is { Kind: not (AwsFailureKind.Throttled or AwsFailureKind.Unavailable or AwsFailureKind.InvalidState) } failure)
            {
                // Without the mark the deletion is not taken back by itself, which is no reason not to do what is asked for.
                logger.LogWarning("{Arn}: {Step}: {Code}: {Message}", observed.Arn, step, failure.Code, failure.Message);
                continue;
            }

            pass.Report(EventType.Normal, Reasons.Deleting, step.Operation, $"{observed.Arn}: {step}");
            logger.LogInformation("{Arn}: {Step}", observed.Arn, step);
        }

        pass.Status = KeyStatusFields.Observed(pass.Status, observed);
        if (!request.NamespaceIsTerminating && observed.KeyState == KeyStates.PendingReplicaDeletion
            && await FindLivingReplicasAsync(observed, request, cancellationToken) is { Count: > 0 } living)
        {
            return await BlockAsync(
                pass,
                Finding.Stalled(
                    Reasons.ReplicasRemain,
                    $"{observed.Arn} is {observed.KeyState}: KMS deletes it only after its replicas, and nobody has scheduled the deletion of {string.Join(", ", living)}. "
                    + "Delete them, or cancel the deletion (CancelKeyDeletion)."),
                null,
                cancellationToken);
        }

        var date = observed.DeletionDate is { } on ? $"on {on.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "once its replicas are gone";
        await pass.SaveAsync(Verdict.Waiting(Reasons.PendingDeletion, $"{observed.Arn} will be deleted by KMS {date}."), cancellationToken);
        return await ReleaseAsync(pass, $"{observed.Arn} will be deleted by KMS {date}.", cancellationToken);
    }

    /// <summary>Leaves the key and says so in its tags. What cannot be said does not hold the resource back.</summary>
    private async Task<ReconcileResult> RetainKeyAsync<T>(
        KeyPass<T> pass, DeletionRequest request, AwsRegion region, string? because, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var note = $"{Key(pass)} is retained, and so is its alias{(because is null ? "." : $": the namespace is being deleted, and {because}")}";
        try
        {
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, pass.Status.KeyId!, cancellationToken) is not { } key)
            {
                // A resource of the same name must be able to find the key again.
                return await MissingAsync(pass, cancellationToken);
            }
            else
            {
                pass.Memory.MissingSince = null;
                key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, key.KeyId, cancellationToken) };
                foreach (var step in KeyPlanner.PlanRetention(key, request.Owner, pass.Now).Steps)
                {
                    key = await KeyPlanExecutor.ExecuteAsync(pass, region, step, key, cancellationToken);
                    logger.LogInformation("{Arn}: {Step}", key.Arn, step);
                }
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { Kind: not (AwsFailureKind.Throttled or AwsFailureKind.Unavailable) } failure)
        {
            note += $" Its tags do not say so: {failure.Code}: {failure.Message}";
        }

        return await ReleaseAsync(pass, note, cancellationToken);
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

    private static string Key<T>(KeyPass<T> pass)
        where T : class, IKeyResource => pass.Status.Arn ?? "Whatever was made";

    private async Task<ReconcileResult> MissingAsync<T>(KeyPass<T> pass, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var since = pass.Memory.MissingSince ??= pass.Now;
        return pass.Now - since < settings.ConsistencyWindow
            ? await BlockAsync(
                pass,
                Finding.Waiting(Reasons.Deleting, $"KMS does not show {pass.Status.Arn}; it is looked for again before it is taken for gone."),
                MissingPeriod,
                cancellationToken)
            : await ReleaseAsync(pass, $"{pass.Status.Arn} is gone.", cancellationToken);
    }

    private static async Task<ReconcileResult> BlockAsync<T>(KeyPass<T> pass, Finding finding, TimeSpan? requeueAfter, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        await pass.SaveAsync(Verdict.Of(finding), cancellationToken);
        return PassEnd.Again(finding, requeueAfter, talkedToAws: false);
    }

    private async Task<ReconcileResult> ReleaseAsync<T>(KeyPass<T> pass, string note, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Report(EventType.Normal, Reasons.Deleting, "Release", note);
        await pass.ReleaseAsync(cancellationToken);
        memories.Forget(pass.Resource.Metadata.Uid ?? "");
        return ReconcileResult.Done;
    }
}
