using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>
/// Creates keys, each exactly once: the attempt is recorded before the call, its id goes into the key's tags with the call, and an attempt whose
/// outcome is unknown is recovered by looking for its key before another one is created.
/// </summary>
/// <remarks>CreateKey has no idempotency token. See docs/decisions/0003-creating-a-key-exactly-once.md.</remarks>
internal sealed class KeyCreation(
    RegionalClientFactory regions, PendingCreateRecovery recovery, KeyAdoption adoption, OwnershipCheck ownership, OperatorSettings settings, NewAttemptId newAttemptId)
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
        if (status.Creation is { } pending && !isReplica)
        {
            var recovered = await recovery.RecoverAsync(context, status, region, pending, desired.AliasName, cancellationToken);
            if (recovered.Error is not null || recovered.HasKey)
            {
                return recovered;
            }

            // The attempt made no key, and everything that might have shown one was read after the consistency window.
            status = status with { Creation = null };
        }

        if (status.Creation is null && await adoption.FindAsync(context, status, resolved, region, cancellationToken) is { } existing)
        {
            return existing;
        }

        if (context.IsStatusLost && !isReplica && FindDoubt(context) is { } doubt)
        {
            return KeyCreationResult.Failed(status, doubt, RetryPeriod);
        }

        context.Cache.StatusLostSince = null;

        if (desired.ObserveOnly)
        {
            return KeyCreationResult.None(status);
        }

        if (await ReserveAliasAsync(context, desired, region, cancellationToken) is { } conflict)
        {
            return KeyCreationResult.Failed(status, conflict);
        }

        if (await FindForeignPrimaryAsync(context, resolved, cancellationToken) is { } foreign)
        {
            return KeyCreationResult.Failed(status, foreign, RetryPeriod);
        }

        var primaryRegion = isReplica ? await FindPrimaryRegionAsync(resolved, cancellationToken) : null;

        // Each call gets a time of its own: the call that was sent last may become visible last.
        var isRepeated = status.Creation is not null;
        var attempt = new CreationStatus { AttemptId = status.Creation?.AttemptId ?? newAttemptId(), StartedAt = context.Now };
        status = await CreateRecord.BeginAsync(context, status, resolved, attempt, cancellationToken);
        try
        {
            var created = isReplica
                ? await KeyCreator.ReplicateAsync(primaryRegion!.Clients.Writing, desired, attempt.AttemptId, cancellationToken)
                : await KeyCreator.CreateAsync(region.Clients.Writing, desired, attempt.AttemptId, cancellationToken);
            context.Cache.Created = new CreatedKey(attempt.AttemptId, created.KeyId);
            context.Cache.CreatedAt = context.Now;
            region.RecordCreate(created);
            var withKey = KeyStatusFields.Observed(status, desired, created, complete: false);
            return KeyCreationResult.Created(await CreateRecord.EndAsync(context, withKey, created, attempt, cancellationToken), created);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, isReplica ? "ReplicateKey" : "CreateKey") is { } failure)
        {
            if (failure.EffectIsUnknown)
            {
                context.Cache.UnansweredAt = context.Now;
            }
            else if (!isRepeated)
            {
                // KMS refused, so this attempt made no key. A repeated attempt may have made a replica with an earlier call.
                status = status with { Creation = null };
                ownership.Release(desired.Owner.Uid);
            }

            return isReplica && failure.Kind == AwsFailureKind.AlreadyExists
                ? await TakeReplicaAsync(context, status, desired, region, attempt, cancellationToken)
                : KeyCreationResult.Failed(status, Explain(context, desired, failure));
        }
    }

    /// <summary>A key that an earlier status knew may be so new that KMS does not show it or its tags yet.</summary>
    private ReconcileError? FindDoubt<T>(ReconcileContext<T> context)
        where T : class, IKeyResource
    {
        var until = (context.Cache.StatusLostSince ??= context.Now) + settings.ConsistencyWindow;
        return context.Now >= until ? null : ReconcileError.Transient(
            Reasons.Progressing,
            $"The status of this resource was lost, and KMS shows no key with its tags. The operator looks until {until.UtcDateTime:HH:mm:ss}Z before it creates one.");
    }

    private async Task<ReconcileError?> ReserveAliasAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            return ownership.ReserveAlias(desired, await region.Aliases.GetAsync(context.Now - AliasDirectory.UsualAge, cancellationToken));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "ListAliases") is { } failure)
        {
            return AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);
        }
    }

    private ReconcileError Explain<T>(ReconcileContext<T> context, DesiredKey desired, AwsFailure failure)
        where T : class, IKeyResource => desired.Primary is { } primary
        ? PrimaryNotes.FindMoved(failure, $"key {primary.KeyId} to {desired.Location.Region}")
            ?? AwsReconcileError.For(failure, $"key {primary.KeyId} to {desired.Location.Region}", context.IsRecent(settings.ConsistencyWindow))
        : AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);

    /// <summary>The primary has a replica in that Region already: this resource's, from a call whose answer was lost, or somebody else's.</summary>
    private async Task<KeyCreationResult> TakeReplicaAsync<T>(
        ReconcileContext<T> context, KeyStatus status, DesiredKey desired, RegionalClients region, CreationStatus attempt, CancellationToken cancellationToken)
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
                return KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, replica, attempt, cancellationToken));
            }

            var owner = replica.Tags.GetValueOrDefault(TagNames.Owner);
            if (owner is null && status.Creation is not null && !(context.Now - replica.CreationDate > settings.ConsistencyWindow))
            {
                return KeyCreationResult.Failed(status, ReconcileError.Transient(
                    Reasons.Progressing, $"{replica.Arn} was created moments ago and KMS does not show its owner yet. The operator looks again whether it is this resource's."));
            }

            return KeyCreationResult.Failed(
                status with { Creation = null },
                ReconcileError.Terminal(
                    Reasons.ReplicaConflict,
                    $"{replica.Arn} exists already (state {replica.KeyState}, owner {owner ?? "none"}) and is not this resource's; it is left alone."));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "DescribeKey") is { } unread)
        {
            return KeyCreationResult.Failed(
                status, AwsReconcileError.For(unread, $"key {desired.Primary!.KeyId} in {desired.Location.Region}", isRecent: true));
        }
    }

    /// <summary>
    /// Makes sure that the key that is about to be replicated is the ServiceKey's that <c>spec.primaryRef</c> names. The ServiceKey's status may name another
    /// one until the operator has put it right.
    /// </summary>
    private async Task<ReconcileError?> FindForeignPrimaryAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (context.Resource is not KeyReplica { Spec.PrimaryRef: { } reference } || resolved.Desired.Primary is not { } primary)
        {
            return null;
        }

        var tags = await KeyObserver.ListTagsAsync(NamedRegion(resolved).Clients.Reading, primary.KeyId, cancellationToken);
        var owner = tags.GetValueOrDefault(TagNames.Owner);
        return owner is null || owner == KeyOwner.PathOf(ServiceKey.KindName, context.Namespace, reference.Name) ? null : ReconcileError.Transient(
            Reasons.PrimaryNotReady,
            $"spec.primaryRef.name: status.keyId of ServiceKey {reference.Name} is {primary.KeyId}, which belongs to {owner} by its servicekey.dev tags. It is not replicated.");
    }

    /// <summary>Where the primary is now: KMS takes ReplicateKey nowhere else. The key that the resource names may have become a replica since.</summary>
    private async Task<RegionalClients> FindPrimaryRegionAsync(ResolvedKey resolved, CancellationToken cancellationToken)
    {
        var named = NamedRegion(resolved);
        return await KeyObserver.DescribeAsync(named.Clients.Reading, resolved.Desired.Primary!.KeyId, cancellationToken) is { MultiRegionKeyType: "REPLICA", PrimaryRegion: { } elsewhere }
            ? regions.For(resolved.Access with { Region = elsewhere })
            : named;
    }

    private RegionalClients NamedRegion(ResolvedKey resolved) => regions.For(resolved.Access with { Region = resolved.Desired.Primary!.Region });
}
