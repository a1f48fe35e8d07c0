using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Accounts;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Create;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Status;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Delete;

/// <summary>Lets a deleted resource go once its key is taken care of as the deletion policy says.</summary>
internal sealed class KeyDeletion(
    RegionalClientFactory regions, AccountCheck accounts, StatusKeyCheck statusKeys, OwnerTagRepair ownerTags, PendingCreateRecovery recovery, ScheduledDeletion deletion, KeyRetention retention, ReconcileCache cache, OperatorSettings settings)
{
    private static readonly TimeSpan MissingPeriod = TimeSpan.FromSeconds(15);
    private static readonly DeletionOutcome NoKey = DeletionOutcome.Released("There is no key.");

    /// <summary>Does the next part of a deletion. The finalizer is removed only when AWS has accepted, or when there is no key.</summary>
    /// <param name="context">The reconcile of a resource that is being deleted and has the operator's finalizer.</param>
    /// <param name="request">What is to happen to the key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileResult> FinalizeAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var begunAt = context.Now;
        context.LookFirst(settings.ConsistencyWindow);
        var status = context.Status;
        var isUnknown = status.KeyId is null && context.OpenAttempt is null;
        if (isUnknown && !context.IsStatusLost)
        {
            return await EndAsync(context, request, begunAt, NoKey, cancellationToken);
        }

        if (request.UntouchedBecause is { } because && (isUnknown || status.KeyId is not null || request.Access is null || context.Resource.Suspended))
        {
            var outcome = await request.IsInheritanceCurrentAsync(cancellationToken) ? DeletionOutcome.Released($"{KeyOf(context)} stays as it is: {because}.") : DeletionOutcome.Outdated;
            return await EndAsync(context, request, begunAt, outcome, cancellationToken);
        }

        if (isUnknown && request.Access is { } access)
        {
            return await FindLostKeyAsync(context, request, access, cancellationToken) switch
            {
                null => await EndAsync(context, request, begunAt, NoKey, cancellationToken),
                { Error: { } unread } => await EndAsync(context, request, begunAt, DeletionOutcome.Blocked(unread, MissingPeriod), cancellationToken),
                _ => await FinalizeAsync(context, request, cancellationToken),
            };
        }

        if (await FindObstacleAsync(context, request, cancellationToken) is { } obstacle)
        {
            return await EndAsync(context, request, begunAt, await LeaveOrWaitAsync(context, request, obstacle, cancellationToken), cancellationToken);
        }

        var region = regions.For(request.Access!);
        if (status.KeyId is null)
        {
            var recovered = await recovery.RecoverAsync(context, status, region, request.Owner, context.OpenAttempt!, null, cancellationToken);
            return recovered.HasKey
                ? await FinalizeAsync(context, request, cancellationToken)
                : await EndAsync(
                    context,
                    request,
                    begunAt,
                    recovered.Error is { } open ? DeletionOutcome.Blocked(open, recovered.RequeueAfter) : DeletionOutcome.Released("No key was created."),
                    cancellationToken);
        }

        var lookedAt = context.Now;
        try
        {
            var claim = await statusKeys.CheckAsync(context, request.Owner, request.Access!.Region, region, mayAdoptBy: null, cancellationToken);
            if (claim.Instead is { } own)
            {
                await context.RecordAsync(CreateRecord.WithLost(context, KeyStatusFields.Observed(status, own)), $"status.keyId named another key; {own.Arn} was found by its tags.", cancellationToken);
                context.Cache.OwnKeyId = own.KeyId;
            }
            else if (claim.Error is { } refusal)
            {
                // The resource's own key, or the tags by which it is found, may be so new that KMS does not show them yet.
                var mayBeTooNew = context.IsRecent(settings.ConsistencyWindow) || context.Now - context.FirstSeenAt < settings.ConsistencyWindow;
                return await EndAsync(
                    context,
                    request,
                    begunAt,
                    mayBeTooNew
                        ? DeletionOutcome.Blocked(
                            ReconcileError.Transient(Reasons.Deleting, $"{refusal.Message} The operator looks for a key with this resource's tags until KMS must show it."), MissingPeriod)
                        : DeletionOutcome.Released(refusal.Message),
                    cancellationToken);
            }

            var outcome = request.DeleteKey
                ? await deletion.DeleteAsync(context, request, region, cancellationToken)
                : await retention.RetainAsync(context, request, region, null, cancellationToken);
            return await EndAsync(context, request, begunAt, AwaitUnanswered(context, ConfirmMissing(context, outcome, lookedAt)), cancellationToken) with { FlowOutcome = FlowOutcome.Served };
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return await EndAsync(
                context, request, begunAt, DeletionOutcome.Blocked(AwsReconcileError.For(failure, status.Arn!, context.IsRecent(settings.ConsistencyWindow))), cancellationToken);
        }
    }

    /// <summary>Nothing can be written to the key. One that is retained needs no write, but its mark: so a class that is gone must be gone on the server too. What is transient is waited for.</summary>
    private static async Task<DeletionOutcome> LeaveOrWaitAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, ReconcileError obstacle, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!obstacle.IsTerminal || ((request.DeleteKey || request.DisableKey) && !request.NamespaceIsTerminating))
        {
            return DeletionOutcome.Blocked(obstacle with
            {
                Message = request.DeleteKey || request.DisableKey
                    ? $"{KeyOf(context)} is to be {(request.DeleteKey ? "deleted" : "disabled")}. {obstacle.Message} Or set spec.deletionPolicy: Retain to keep the key."
                    : $"{KeyOf(context)} is to be marked as left. {obstacle.Message}",
            });
        }

        return await context.IsCurrentAsync(cancellationToken) && await request.IsInheritanceCurrentAsync(cancellationToken)
            ? DeletionOutcome.Released($"{KeyOf(context)} is retained, and so is its alias; its tags do not say so: {obstacle.Message}")
            : DeletionOutcome.Outdated;
    }

    /// <summary>What would forbid scheduling the key's deletion. It is asked before the replicas are deleted, which would go for nothing.</summary>
    /// <returns>Null where nothing does, or where no deletion is to be scheduled.</returns>
    public async Task<ReconcileError?> FindGuardAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (request.LeavesKey || request.Access is null || context.Status.KeyId is not { } keyId)
        {
            return null;
        }

        try
        {
            var region = regions.For(request.Access);
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } key
                || KeyStates.IsPendingDeletion(region.ReplaceStale(key, settings.ConsistencyWindow).KeyState))
            {
                return null;
            }

            key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken) };
            if (KeyTags.FindMissing(request.Owner, key.Tags).Count > 0
                && await statusKeys.CheckAsync(context, request.Owner, request.Access.Region, region, mayAdoptBy: null, cancellationToken) is { IsOwn: true }
                && await ownerTags.PutBackAsync(context, request.Owner, region, cancellationToken) is { Error: { } refusal })
            {
                // Without them the operator may not see when the key was last used.
                return refusal;
            }

            return KeyCompatibility.FindForeignOwner(key, request.Owner) is null
                ? await DeletionGuard.FindAsync(context, request.Parent, key, region, settings.DeletionGuard, cancellationToken)
                : null;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return AwsReconcileError.For(failure, context.Status.Arn!, context.IsRecent(settings.ConsistencyWindow));
        }
    }

    /// <summary>The Region of the primary, as KMS shows it now; null where there is no multi-Region key.</summary>
    /// <remarks>Where KMS does not answer it is what was seen last. The primary's own deletion is decided on another look.</remarks>
    public async Task<string?> FindPrimaryRegionAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (request.Access is null || request.UntouchedBecause is not null || context.Status.KeyId is not { } keyId)
        {
            return context.Status.PrimaryRegion;
        }

        try
        {
            var key = await KeyObserver.DescribeAsync(regions.For(request.Access).Clients.Reading, keyId, cancellationToken);
            return key?.PrimaryRegion ?? context.Status.PrimaryRegion;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
        {
            return context.Status.PrimaryRegion;
        }
    }

    /// <summary>
    /// The key of a resource whose status was lost: by the key's tags, or the one that this process remembers, where people took the tags off as well.
    /// Without it the key would stay behind, and nobody would know of it. Its id is recorded.
    /// </summary>
    /// <returns>The status with the key, or why it is not known whether there is one; null when there is no such key.</returns>
    private async Task<Resolved<KeyStatus>?> FindLostKeyAsync<T>(ReconcileContext<T> context, DeletionRequest request, AwsAccess access, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var (account, unknown) = await accounts.IdentifyAsync(access, DateTimeOffset.MinValue, cancellationToken);
        if (unknown is not null)
        {
            return unknown;
        }

        var location = new KeyLocation(account!, access.Region);
        var region = regions.For(access);
        try
        {
            var decidedAt = context.DecidedAt(attempt: null, settings.ConsistencyWindow);
            var isDecided = context.Now >= decidedAt;
            var tagged = await OwnedKeys.FindAsync(region, request.Owner, context.Now, exceptKeyId: null, orPendingDeletion: false, cancellationToken);
            if ((tagged ?? await statusKeys.FindRememberedAsync(context, request.Owner, access.Region, region, cancellationToken)) is not { } key)
            {
                if (isDecided)
                {
                    return null;
                }

                return ReconcileError.Transient(
                    Reasons.Deleting, $"The status of this resource was lost, and KMS shows no key with its tags. The operator looks until {decidedAt.UtcDateTime:HH:mm:ss}Z.");
            }

            var found = CreateRecord.WithLost(context, KeyStatusFields.Observed(context.Status, key) with { AccountId = location.AccountId, Region = location.Region });
            await context.RecordAsync(found, $"{key.Arn} was found {(tagged is null ? "in what this process remembers" : "by its tags")}.", cancellationToken);
            return found;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return AwsReconcileError.For(failure, $"the search for a key of {request.Owner.Path}", isRecent: false);
        }
    }

    private async Task<ReconcileError?> FindObstacleAsync<T>(ReconcileContext<T> context, DeletionRequest request, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var status = context.Status;
        if (request.Access is null)
        {
            var (name, account) = (status.ClassName is { } className ? $"KeyClass {className}" : "The KeyClass", status.AccountId is { } known ? $" for account {known}" : "");
            return ReconcileError.Terminal(Reasons.ClassNotFound, $"{name} is gone, and with it the credentials{account}. Put the class back.");
        }

        // Where the status does not say the account, STS does: a shard's fence lets nothing pass to an account that is not known.
        return status.AccountId is { } accountId
            ? await accounts.FindMismatchAsync(request.Access, accountId, status.ClassName ?? "", cancellationToken)
            : (await accounts.IdentifyAsync(request.Access, DateTimeOffset.MinValue, cancellationToken)).Error;
    }

    /// <summary>Writes what a part of the deletion came to: the error for which it waits, or the removal of the finalizer.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="request">What is to happen to the key.</param>
    /// <param name="begunAt">When this part began. What leaves the key in AWS is decided anew where that is more than 15 seconds ago.</param>
    /// <param name="outcome">What it came to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<ReconcileResult> EndAsync<T>(
        ReconcileContext<T> context, DeletionRequest request, DateTimeOffset begunAt, DeletionOutcome outcome, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (outcome.IsOutdated)
        {
            return ReconcileResult.Retry;
        }

        if (outcome.Error is null && request.FindRemainingAsync is { } rest && await rest(cancellationToken) is { } remaining)
        {
            outcome = DeletionOutcome.Blocked(remaining, status: outcome.Status);
        }

        if (outcome.Error is { } error)
        {
            await context.WriteStatusAsync(outcome.Status ?? context.Status, ReadyCondition.Of(error), cancellationToken);
            return ReconcileResults.TryAgain(error, outcome.RequeueAfter, awsAnswered: false);
        }

        if (request.LeavesKey && context.Now - begunAt > ScheduledDeletion.DecisionPeriod)
        {
            // While this process stood still, or waited for AWS, the class or the primary may have got another deletionPolicy. The server does not refuse the last write for that.
            return ReconcileResult.Retry;
        }

        if (outcome.Status is { } last)
        {
            await context.WriteStatusAsync(last, ReadyCondition.Waiting(Reasons.PendingDeletion, outcome.Note!), cancellationToken);
        }

        context.RecordEvent(EventType.Normal, Reasons.Deleting, "Release", outcome.Note!);
        await context.RemoveFinalizerAsync(cancellationToken);
        cache.Remove(context.Resource.Metadata.Uid!);
        return ReconcileResult.Done;
    }

    /// <summary>A key counts as gone once KMS has not shown it for the whole consistency window.</summary>
    private DeletionOutcome ConfirmMissing<T>(ReconcileContext<T> context, DeletionOutcome outcome, DateTimeOffset lookedAt)
        where T : class, IKeyResource =>
        !outcome.IsMissing ? outcome
        : context.MissingFor(lookedAt) < settings.ConsistencyWindow
            ? DeletionOutcome.Blocked(
                ReconcileError.Transient(Reasons.Deleting, $"KMS does not show {context.Status.Arn}. The operator looks again before it takes the key for gone."), MissingPeriod)
            : DeletionOutcome.Released($"{context.Status.Arn} no longer exists.");

    /// <summary>
    /// A resource stays while a call of an earlier try may still arrive: nobody would look at the key after that, and a later resource of the name could
    /// have it by then.
    /// </summary>
    private DeletionOutcome AwaitUnanswered<T>(ReconcileContext<T> context, DeletionOutcome outcome)
        where T : class, IKeyResource =>
        outcome is { Error: null, IsOutdated: false }
            && context.Cache.ReleaseDelayedSince + settings.ConsistencyWindow is { } until && context.Now < until
            ? DeletionOutcome.Blocked(
                ReconcileError.Transient(
                    Reasons.Deleting,
                    $"An earlier call that changes {context.Status.Arn} got no answer and may still arrive. This resource goes at {until.UtcDateTime:HH:mm:ss}Z, after another look at the key."),
                until - context.Now,
                outcome.Status)
            : outcome;

    private static string KeyOf<T>(ReconcileContext<T> context)
        where T : class, IKeyResource => context.Status.Arn ?? (context.OpenAttempt is null ? "The key of this resource, whose status was lost," : "A key that a pending create may have made");
}
