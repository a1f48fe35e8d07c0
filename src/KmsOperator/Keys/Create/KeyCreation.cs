using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>
/// Creates keys, each exactly once: the attempt is recorded before the call, its id goes into the key's tags with the call, and an attempt whose
/// outcome is unknown is recovered by looking for its key before another one is created. Nothing more is written until alias and rotation are there.
/// </summary>
/// <remarks>CreateKey has no idempotency token. See docs/decisions/0003-creating-a-key-exactly-once.md.</remarks>
internal sealed class KeyCreation(
    RegionalClientFactory regions, PendingCreateRecovery recovery, KeyAdoption adoption, OwnershipCheck ownership, StatusSchemaCheck schema, OperatorSettings settings, NewAttemptId newAttemptId)
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Gets the key of a resource that has none: the key of a pending create, an existing key, or a new one.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far, without a key.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="region">Where the key is to be.</param>
    /// <param name="cancellationToken">Ends the wait, not the effect of a call.</param>
    public async Task<KeyCreationResult> CreateAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var isReplica = desired.Primary is not null;
        if (context.Cache.Created is { } made)
        {
            return await StoreAsync(context, status, region, made, cancellationToken);
        }

        // A replica needs no search: ReplicateKey itself says that there is one.
        var isRepeated = isReplica && context.OpenAttempt is not null;
        if (context.OpenAttempt is { } pending && !isReplica)
        {
            // Somebody may have removed the finalizer, and without it the resource could go before its key is known.
            await context.AddFinalizerAsync(cancellationToken);
            var recovered = await recovery.RecoverAsync(context, status, region, desired.Owner, pending, desired.AliasName, cancellationToken);
            if (recovered.Error is not null || recovered.HasKey)
            {
                return recovered;
            }

            // The attempt made no key, and everything that might have shown one was read after the consistency window.
            context.Cache.SettledAttemptId = pending.Id;
        }

        // Decided before the search for the key, so that the search is one that began after the window.
        var lostUntil = context.IsStatusLost && !isReplica ? context.DecidedAt(attempt: null, settings.ConsistencyWindow) : (DateTimeOffset?)null;
        var isDecided = !(context.Now < lostUntil);
        if (!isRepeated && await adoption.FindAsync(context, status, resolved, region, cancellationToken) is { } existing)
        {
            return existing;
        }

        if (lostUntil is { } until && await FindDoubtAsync(context, region, until, isDecided, cancellationToken) is { } doubt)
        {
            return KeyCreationResult.Failed(status, doubt, RetryPeriod);
        }

        if (desired.ObserveOnly)
        {
            return KeyCreationResult.None(status);
        }

        if (await ReserveAliasAsync(context, desired, region, cancellationToken) is { } conflict)
        {
            return KeyCreationResult.Failed(status, conflict);
        }

        if (await RefusePrimaryAsync(context, status, resolved, cancellationToken) is { } refused)
        {
            return refused;
        }

        var primaryRegion = isReplica ? await FindPrimaryRegionAsync(resolved, cancellationToken) : null;
        var before = status;
        status = CreateRecord.StatusFor(status, resolved, context.Now);
        await schema.CheckAsync(context, status, cancellationToken);
        var attempt = CreateRecord.AttemptFor(isRepeated ? context.OpenAttempt!.Id : newAttemptId(), before, resolved, context.Now);
        await context.RecordAttemptAsync(attempt, cancellationToken);
        (context.Cache.SettledAttemptId, context.Cache.Sought, context.Cache.HasNoKey) = (null, null, false);
        if (primaryRegion == desired.Location.Region)
        {
            // Somebody moved the primary here, so it is this resource's key, or stands in its way. KMS replicates no key to where it is.
            ownership.Release(desired.Owner.Uid);
            return await TakeReplicaAsync(context, status, desired, region, attempt, isRepeated, cancellationToken);
        }

        try
        {
            var created = isReplica
                ? await KeyCreator.ReplicateAsync(regions.For(resolved.Access with { Region = primaryRegion! }).Clients.Writing, desired, attempt.Id, cancellationToken)
                : await KeyCreator.CreateAsync(region.Clients.Writing, desired, attempt.Id, cancellationToken);
            context.Cache.Created = new CreatedKey(attempt.Id, created.KeyId);
            context.Cache.CreatedAt = context.Now;
            context.Cache.OwnKeyId = created.KeyId;
            region.RecordCreate(created);
            return KeyCreationResult.Created(KeyStatusFields.Observed(status, desired, created, complete: false), created);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, isReplica ? "ReplicateKey" : "CreateKey") is { } failure)
        {
            if (isReplica && failure.Kind == AwsFailureKind.AlreadyExists)
            {
                ownership.Release(desired.Owner.Uid);
                return await TakeReplicaAsync(context, status, desired, region, attempt, isRepeated, cancellationToken);
            }

            if (failure.EffectIsUnknown)
            {
                context.Cache.UnansweredAt = context.Now;
            }
            else if (!isRepeated)
            {
                // KMS refused, so this attempt made no key. A repeated attempt may have made a replica with an earlier call.
                ownership.Release(desired.Owner.Uid);
                context.Cache.SettledAttemptId = attempt.Id;
                if (failure.Kind != AwsFailureKind.Throttled)
                {
                    // A throttled call is tried again soon, and many keys at once would cost two more writes for each try.
                    await context.WithdrawAttemptAsync(cancellationToken);
                }

                status = before;
            }

            return KeyCreationResult.Failed(status, Explain(context, desired, failure));
        }
    }

    /// <summary>Stores the id of a key that this process has created. The write that was to store it failed, or the status was erased since.</summary>
    private async Task<KeyCreationResult> StoreAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, CreatedKey made, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            return await PendingCreateRecovery.StoreAsync(context, status, region, made, cancellationToken);
        }
        catch (KubernetesApiException e) when (StatusWriter.IsOutdatedCrd(e))
        {
            schema.Forget<T>();
            throw;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return KeyCreationResult.Failed(status, AwsReconcileError.For(failure, $"key {made.KeyId}", isRecent: true));
        }
    }

    /// <summary>Whether a resource whose status was lost may have a key all the same: one that KMS does not show yet, or whose tags may not be read.</summary>
    private static async Task<ReconcileError?> FindDoubtAsync<T>(
        ReconcileContext<T> context, RegionalClients region, DateTimeOffset until, bool isDecided, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!isDecided)
        {
            return ReconcileError.Transient(
                Reasons.Progressing,
                $"The status of this resource was lost, and KMS shows no key with its tags. The operator looks until {until.UtcDateTime:HH:mm:ss}Z before it creates one.");
        }

        try
        {
            return PendingCreateRecovery.FindUnreadable(
                await region.Tags.GetAsync(until, cancellationToken), context.Resource.Metadata.CreationTimestamp, "It is not known whether this resource has a key");
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return AwsReconcileError.For(failure, $"the search for a key of {context.Namespace}/{context.Resource.Metadata.Name}", isRecent: false);
        }
    }

    private async Task<ReconcileError?> ReserveAliasAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            // Who has made way for the key since should not have to wait for the next list.
            return await ReserveAsync(AliasDirectory.AgeForNewKeys) is null ? null : await ReserveAsync(AliasDirectory.UsualAge);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "ListAliases") is { } failure)
        {
            return AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);
        }

        async Task<ReconcileError?> ReserveAsync(TimeSpan age) =>
            await ownership.ReserveAliasAsync(region, desired, await region.Aliases.GetAsync(context.Now - age, cancellationToken), cancellationToken);
    }

    private ReconcileError Explain<T>(ReconcileContext<T> context, DesiredKey desired, AwsFailure failure)
        where T : class, IKeyResource => desired.Primary is { } primary
        ? PrimaryNotes.FindMoved(failure, $"key {primary.KeyId} to {desired.Location.Region}")
            ?? AwsReconcileError.For(failure, $"key {primary.KeyId} to {desired.Location.Region}", context.IsRecent(settings.ConsistencyWindow))
        : AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);

    /// <summary>The primary has a replica in that Region already: this resource's, from a call whose answer was lost, or somebody else's.</summary>
    private async Task<KeyCreationResult> TakeReplicaAsync<T>(
        ReconcileContext<T> context, KeyStatus status, DesiredKey desired, RegionalClients region, CreateAttempt attempt, bool isRepeated, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var replica = await KeyObserver.ObserveAsync(region.Clients.Reading, desired.Primary!.KeyId, cancellationToken);
            if (replica is null)
            {
                return KeyCreationResult.Failed(
                    status, ReconcileError.Transient(Reasons.Progressing, $"The replica in {desired.Location.Region} exists, but KMS does not show it yet."));
            }

            if (replica.Tags.GetValueOrDefault(TagNames.Owner) == desired.Owner.Path && KeyCompatibility.FindForeignOwner(replica, desired.Owner) is null)
            {
                return KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, replica, cancellationToken));
            }

            var owner = replica.Tags.GetValueOrDefault(TagNames.Owner);
            if (owner is null && isRepeated && !(context.Now - replica.CreationDate > settings.ConsistencyWindow))
            {
                return KeyCreationResult.Failed(status, ReconcileError.Transient(
                    Reasons.Progressing, $"{replica.Arn} was created moments ago and KMS does not show its owner yet. The operator looks again whether it is this resource's."));
            }

            context.Cache.SettledAttemptId = attempt.Id;
            await context.WithdrawAttemptAsync(cancellationToken);
            return KeyCreationResult.Failed(
                status,
                ReconcileError.Terminal(
                    Reasons.ReplicaConflict,
                    $"{replica.Arn} exists already (state {replica.KeyState}, owner {owner ?? "none"}) and is not this resource's; it is left alone."));
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "DescribeKey") is { } unread)
        {
            return KeyCreationResult.Failed(
                status, AwsReconcileError.For(unread, $"key {desired.Primary!.KeyId} in {desired.Location.Region}", isRecent: true));
        }
    }

    /// <summary>
    /// Makes sure that the key that is about to be replicated is there, and is the ServiceKey's that <c>spec.primaryRef</c> names. The ServiceKey's status may
    /// name another one until the operator has put it right. A key that <c>spec.primaryKeyArn</c> names may have become another namespace's since AWS was asked: its resource had lost its status.
    /// </summary>
    private async Task<KeyCreationResult?> RefusePrimaryAsync<T>(ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (context.Resource is not KeyReplica replica || resolved.Desired.Primary is not { } primary)
        {
            return null;
        }

        if (replica.Spec.PrimaryRef is not { } reference)
        {
            return ownership.FindPrimaryHolder(primary.Region, primary.KeyId) is { } holder && PrimaryChecks.FindOtherNamespace(replica, replica.Spec.PrimaryKeyArn!, holder) is { } another
                ? KeyCreationResult.Failed(status, another)
                : null;
        }

        try
        {
            var tags = await KeyObserver.ListTagsAsync(NamedRegion(resolved).Clients.Reading, primary.KeyId, cancellationToken);
            var owner = tags.GetValueOrDefault(TagNames.Owner);
            return owner is null || owner == KeyOwner.PathOf(ServiceKey.KindName, context.Namespace, reference.Name) ? null : KeyCreationResult.Failed(
                status,
                ReconcileError.Transient(
                    Reasons.PrimaryNotReady,
                    $"spec.primaryRef.name: status.keyId of ServiceKey {reference.Name} is {primary.KeyId}, which belongs to {owner} by its servicekey.dev tags. It is not replicated."),
                RetryPeriod);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken)?.Kind == AwsFailureKind.NotFound)
        {
            // It is new, or gone. The ServiceKey says which.
            return KeyCreationResult.Failed(status, ReconcileError.Transient(
                Reasons.PrimaryNotReady, $"spec.primaryRef.name: KMS does not show key {primary.KeyId} of ServiceKey {reference.Name} in {primary.Region}. The operator looks again."));
        }
    }

    /// <summary>Where the primary is now: KMS takes ReplicateKey nowhere else. The key that the resource names may have become a replica since.</summary>
    private async Task<string> FindPrimaryRegionAsync(ResolvedKey resolved, CancellationToken cancellationToken) =>
        await KeyObserver.DescribeAsync(NamedRegion(resolved).Clients.Reading, resolved.Desired.Primary!.KeyId, cancellationToken) is { MultiRegionKeyType: "REPLICA", PrimaryRegion: { } elsewhere }
            ? elsewhere
            : resolved.Desired.Primary!.Region;

    private RegionalClients NamedRegion(ResolvedKey resolved) => regions.For(resolved.Access with { Region = resolved.Desired.Primary!.Region });
}
