using Amazon;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Keys.Delete;

/// <summary>Leaves the key of a deleted resource in AWS, disabled where the deletion policy says so, and says in its tags that it was left.</summary>
internal sealed class KeyRetention(OwnershipIndex ownership, OperatorSettings settings, ILogger<KeyRetention> logger)
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Marks the key as released. If the tags cannot be written, the resource goes all the same. If the key cannot be disabled as the policy says, the
    /// resource waits.
    /// </summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="request">What is to happen to the key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="because">Why the key is retained although the deletion policy says otherwise; null if it does not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<DeletionOutcome> RetainAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, RegionalClients region, string? because, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var disable = request.DisableKey;
        if ((disable && !await context.IsCurrentAsync(cancellationToken)) || !await request.IsInheritanceCurrentAsync(cancellationToken))
        {
            // A key that may be in use is not disabled, and none is left as it is, on what a cache says. That the resource itself is as it was is asked when it goes.
            return DeletionOutcome.Outdated;
        }

        ObservedKey key;
        KeyPlan plan;
        var note = $"{context.Status.Arn} is {(disable ? "disabled and retained" : "retained")}, with the aliases that it has{(because is null ? "." : $": the namespace is being deleted, and {because}")}";
        try
        {
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, context.Status.KeyId!, cancellationToken) is not { } seen)
            {
                // A later resource of the same name must be able to find the key, so the tags have to be written.
                return DeletionOutcome.Missing;
            }

            context.Cache.Unseen = null;
            seen = seen with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, seen.KeyId, cancellationToken) };
            if (KeyCompatibility.FindForeignOwner(seen, request.Owner) is not null)
            {
                // KMS did not show the key when it was checked whose it is, or somebody has given it to another resource since.
                context.DoubtKey();
                return DeletionOutcome.Outdated;
            }

            key = region.ReplaceStale(seen, settings.ConsistencyWindow);
            if (CancelledDeletion.Find(context, request.Owner, seen, key, settings.ConsistencyWindow) is { } doubt)
            {
                return DeletionOutcome.Blocked(doubt, RetryPeriod);
            }

            var hasScheduled = context.Cache.IsDeletionSent || request.Owner.HasMarkedForDeletion(seen);
            if (hasScheduled)
            {
                // The policy was Delete earlier in this deletion. A process that was killed may have sent the call just before this one started.
                context.Cache.DelayRelease(context.LatestForeignCall);
            }

            var enabled = context.Resource is not (ServiceKey { Spec.Enabled: false } or KeyReplica { Spec.Enabled: false });
            var lostAliases = hasScheduled ? await FindLostAliasesAsync(context, request.Owner, region, key, cancellationToken) : [];
            plan = KeyPlanner.PlanRetention(
                key,
                request.Owner,
                context.Now,
                new Retention { Disable = disable, Enabled = enabled, HasScheduledDeletion = hasScheduled, IsMarked = context.Cache.IsReleaseWritten, LostAliases = lostAliases });
            if (plan.Steps.Any(step => step is CancelKeyDeletionStep)
                && !(await context.IsCurrentAsync(cancellationToken) && await request.IsInheritanceCurrentAsync(cancellationToken)))
            {
                // The policy may be Delete again, and the resource gone: then nobody would schedule the deletion once more.
                return DeletionOutcome.Outdated;
            }

            if (disable && !plan.Steps.Any(step => step is DisableKeyStep))
            {
                return DeletionOutcome.Released($"{key.Arn} is left as it is: it is {key.KeyState}, or not this resource's by its tags.");
            }
        }
        catch (Exception e) when (!disable && AwsFailure.Of(e, cancellationToken) is { IsForNow: false } failure)
        {
            return DeletionOutcome.Released($"{note} {Explain(null, failure)}");
        }

        return await ExecuteAsync(context, request, region, plan, key, note, cancellationToken);
    }

    /// <summary>Does what the plan says. A step that is refused does not hold back the others: a key that may not be enabled is marked all the same.</summary>
    private async Task<DeletionOutcome> ExecuteAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, RegionalClients region, KeyPlan plan, ObservedKey key, string note, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var mustWait = request.DisableKey;
        foreach (var step in plan.Steps)
        {
            try
            {
                context.Cache.IsReleaseSent |= step is TagResourceStep;
                key = await StepExecution.ExecuteAsync(context, region, step, key, cancellationToken);
                context.Cache.IsReleaseWritten |= step is TagResourceStep;
                if (step is DisableKeyStep)
                {
                    // It is sent again at each look, so also after the last late call.
                    mustWait = false;
                }
                else
                {
                    context.Cache.ProlongUnanswered(context.Now, settings.ConsistencyWindow);
                }

                logger.LogInformation("{Arn}: {Step}", key.Arn, step);
            }
            catch (Exception e) when (step is DisableKeyStep && mustWait && AwsFailure.Of(e, cancellationToken, step.Operation) is { Kind: AwsFailureKind.AccessDenied } denied)
            {
                var policy = await region.Clients.Reading.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = context.Status.KeyId, PolicyName = "default" }, cancellationToken);
                return DeletionOutcome.Blocked(AwsReconcileError.ForStep(denied, context.Status.Arn!, policy.Policy, isRecent: false));
            }
            catch (Exception e) when (!mustWait && (step is not CancelKeyDeletionStep || request.NamespaceIsTerminating) && AwsFailure.Of(e, cancellationToken) is { IsForNow: false } failure)
            {
                // The resource may have to stay, and a later try does not meet this refusal again.
                var refusal = Explain(step, failure);
                note += $" {refusal}";
                context.RecordEvent(EventType.Warning, Reasons.Deleting, step.Operation, $"{key.Arn} is retained. {refusal}");
                logger.LogWarning("{Arn} is retained. {Refusal}", key.Arn, refusal);
            }
        }

        return DeletionOutcome.Released(note);
    }

    private static string Explain(KeyStep? refused, AwsFailure failure) => refused switch
    {
        CreateAliasStep lost => $"{lost.Name} was deleted with it and could not be put back",
        EnableKeyStep => "It stays disabled",
        CancelKeyDeletionStep => "Its deletion could not be cancelled",
        _ => "Its tags do not say so",
    } + $": {failure.Code}: {failure.Message}";

    /// <summary>The aliases that went when the resource had its key scheduled for deletion, before its policy became another one, and that nobody has taken since.</summary>
    private async Task<IReadOnlyList<string>> FindLostAliasesAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var status = context.Status;
        if (status.AliasName is not { } alias)
        {
            return [];
        }

        string[] names = [alias, .. status.AdditionalAliases ?? []];
        try
        {
            var listed = await region.Aliases.ReadAsync(names, context.Now, settings.ConsistencyWindow, cancellationToken);
            var arn = Arn.Parse(key.Arn);
            var location = new KeyLocation(arn.AccountId, arn.Region);
            return [.. names.Where(name => !listed.Targets.ContainsKey(name) && ownership.FindAliasHolder(location, name, owner.Uid) is null)];
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { IsForNow: false })
        {
            // The deletion has to be cancelled also where the aliases may not be read.
            return [];
        }
    }
}
