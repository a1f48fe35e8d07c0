using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Lets a deleted resource go, once its key is taken care of as the deletion policy says.</summary>
internal sealed class KeyDeletion(AwsRegions regions, KeyCreation creation, KeyMemories memories, OperatorSettings settings, ILogger<KeyDeletion> logger)
{
    private static readonly TimeSpan AliasAge = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MissingPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Does the next part of a deletion. The finalizer goes only when AWS has accepted, or there is no key.</summary>
    /// <param name="pass">A resource that is being deleted and carries the operator's finalizer.</param>
    /// <param name="request">What is to become of the key.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<ReconcileResult> FinalizeAsync<T>(KeyPass<T> pass, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (pass.Status.KeyId is null && pass.Status.Creation is null)
        {
            return await ReleaseAsync(pass, "There is no key.", cancellationToken);
        }

        if (!request.DeleteKey && (pass.Status.KeyId is not null || request.Access is null))
        {
            return await ReleaseAsync(pass, $"{pass.Status.Arn ?? "Whatever was made"} is retained, and so is its alias.", cancellationToken);
        }

        if (request.Access is not { } access)
        {
            return await BlockAsync(
                pass,
                Finding.Stalled(
                    Reasons.ClassNotFound,
                    $"{pass.Status.Arn ?? "The key"} is to be deleted, but its KeyClass {pass.Status.ClassName} is gone and with it the way into account "
                    + $"{pass.Status.AccountId}. Put the class back, or set spec.deletionPolicy: Retain to leave the key."),
                null,
                cancellationToken);
        }

        var region = regions.For(access);
        if (pass.Status.KeyId is null)
        {
            var settled = await creation.SettleAsync(pass, region, pass.Status.Creation!, null, cancellationToken);
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
            return await DeleteKeyAsync(pass, request, region, cancellationToken) with { GroupServed = true };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var recent = pass.Now - pass.Resource.Metadata.CreationTimestamp < settings.ConsistencyWindow;
            return await BlockAsync(pass, AwsFailureFinding.For(failure, pass.Status.Arn!, recent), null, cancellationToken);
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
        var aliases = await region.Aliases.GetAsync(pass.Now - AliasAge, cancellationToken);
        observed = observed with { AliasTargets = KeyLifecycle.RelevantAliases(aliases, pass.Status.AliasName) };
        var plan = KeyPlanner.PlanDeletion(
            request.PendingDeletionWindowDays, observed, request.Owner, new KeyRecord(pass.Status.AliasName, pass.Status.TagKeys?.ToArray() ?? []));
        if (plan.Findings is [var finding, ..])
        {
            // Somebody else's key is not an orphan: it has an owner.
            return finding.Reason == Reasons.KeyConflict
                ? await ReleaseAsync(pass, finding.Message, cancellationToken)
                : await BlockAsync(pass, finding, MissingPeriod, cancellationToken);
        }

        foreach (var step in plan.Steps)
        {
            var before = observed;
            try
            {
                observed = await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, step, before, cancellationToken);
            }
            catch (Exception e) when (step is DeleteAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.NotFound)
            {
                observed = step.ApplyTo(before);
            }

            KeyLifecycle.RecordAlias(region, step, before, observed);
            pass.Report(EventType.Normal, Reasons.Deleting, step.Operation, $"{observed.Arn}: {step}");
            logger.LogInformation("{Arn}: {Step}", observed.Arn, step);
        }

        pass.Status = KeyStatusFields.Observed(pass.Status, observed);
        var date = observed.DeletionDate is { } on ? $"on {on.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "once its replicas are gone";
        await pass.SaveAsync(Verdict.Waiting(Reasons.PendingDeletion, $"{observed.Arn} will be deleted by KMS {date}."), cancellationToken);
        return await ReleaseAsync(pass, $"{observed.Arn} will be deleted by KMS {date}.", cancellationToken);
    }

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

/// <summary>What is to become of a deleted resource's key.</summary>
/// <param name="Owner">The resource.</param>
/// <param name="DeleteKey">Whether the key's deletion is scheduled; else it stays.</param>
/// <param name="PendingDeletionWindowDays">7 to 30.</param>
/// <param name="Access">How to get to the key; null when the class is gone.</param>
internal sealed record DeletionRequest(KeyOwner Owner, bool DeleteKey, int PendingDeletionWindowDays, AwsAccess? Access);
