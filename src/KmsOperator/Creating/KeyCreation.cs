using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Makes keys, each exactly once: the attempt is on record before the call, its id goes into the key's tags with the call,
/// and an attempt whose outcome is unknown is settled by looking before anything is made again.
/// </summary>
/// <remarks>CreateKey has no idempotency token. See docs/decisions/0003-creating-a-key-exactly-once.md.</remarks>
internal sealed class KeyCreation(
    RegionalClientFactory regions, PendingCreateRecovery settlement, KeyAdoption adoption, AliasReservations claims, OwnershipIndex holders, OperatorSettings settings, NewAttemptId newAttemptId)
{
    /// <summary>Makes the key of a resource that has none, or finds the one that an earlier attempt made.</summary>
    /// <returns>The key as just made, or that one was found, whose id is in the status now, or why there is none.</returns>
    public async Task<KeyCreationResult> CreateAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var region = regions.For(resolved.Access);
        var isReplica = resolved.Desired.Primary is not null;
        if (context.Status.Creation is { } undecided && !isReplica)
        {
            var settled = await settlement.SettleAsync(context, region, undecided, resolved.Desired.AliasName, cancellationToken);
            if (settled is not { Error: null, Found: false })
            {
                return settled;
            }

            // Nothing was made, and everything that might have shown it was read after the window: the attempt is void.
            context.Status = context.Status with { Creation = null };
        }

        if (context.Status.Creation is null && await adoption.FindAsync(context, resolved, region, cancellationToken) is { } existing)
        {
            return existing;
        }

        if (resolved.Desired.ObserveOnly)
        {
            return KeyCreationResult.Nothing;
        }

        if (await FindAliasConflictAsync(context, resolved.Desired, region, cancellationToken) is { } conflict)
        {
            return KeyCreationResult.Blocked(conflict);
        }

        // Each sending is an attempt of its own time: what was sent last may become visible last.
        var isRepeated = context.Status.Creation is not null;
        var attempt = new CreationStatus { AttemptId = context.Status.Creation?.AttemptId ?? newAttemptId(), StartedAt = context.Now };
        await CreationRecord.RecordAttemptAsync(context, resolved, attempt, cancellationToken);
        try
        {
            var made = isReplica
                ? await KeyCreator.ReplicateAsync(PrimaryRegion(resolved).Clients.Writing, resolved.Desired, attempt.AttemptId, cancellationToken)
                : await KeyCreator.CreateAsync(region.Clients.Writing, resolved.Desired, attempt.AttemptId, cancellationToken);
            context.Cache.Made = new MadeKey(attempt.AttemptId, made.KeyId);
            context.Cache.MadeAt = context.Now;
            region.Scan.Record(made.KeyId, made.Tags, context.Now);
            await CreationRecord.RecordKeyAsync(context, resolved, made, attempt, cancellationToken);
            return KeyCreationResult.Made(made);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, isReplica ? "ReplicateKey" : "CreateKey") is { } failure)
        {
            if (!failure.EffectIsUnknown && !isRepeated)
            {
                // KMS refused, so this attempt made nothing; the next one is another. An earlier sending may have made a replica all the same.
                context.Status = context.Status with { Creation = null };
                claims.Release(resolved.Desired.Owner.Uid);
            }

            return isReplica && failure.Kind == AwsFailureKind.AlreadyExists
                ? await TakeReplicaAsync(context, resolved, region, attempt, cancellationToken)
                : KeyCreationResult.Blocked(Explain(context, resolved.Desired, failure));
        }
    }

    private async Task<ReconcileError?> FindAliasConflictAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var aliases = await region.Aliases.GetAsync(context.Now - AliasDirectory.UsualAge, cancellationToken);
            var target = aliases.GetValueOrDefault(desired.AliasName);
            var isOwnReplica = desired.Primary is { } primary && target == primary.KeyId;

            // Asked also where no alias is listed: the list may be behind the key that got it last.
            var holder = holders.OfAlias(desired.Location, desired.AliasName, desired.Owner.Uid)
                ?? (target is null ? null : holders.OfKey(desired.Location, target, desired.Owner.Uid));
            if (!isOwnReplica && (holder is not null || (target is not null && !desired.TakeOverAlias)))
            {
                return KeyPlanner.AliasConflict(desired.AliasName, target, desired.Location, holder);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "ListAliases") is { } failure)
        {
            return AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);
        }

        var claimant = claims.Claim(desired.Location, desired.AliasName, desired.Owner, holders.Has);
        return claimant.Uid == desired.Owner.Uid ? null : AliasReservations.Conflict(desired.AliasName, claimant.Path);
    }

    private ReconcileError Explain<T>(ReconcileContext<T> context, DesiredKey desired, AwsFailure failure)
        where T : class, IKeyResource => desired.Primary is { } primary
        ? AwsReconcileError.For(failure, $"key {primary.KeyId} to {desired.Location.Region}", context.IsRecent(settings.ConsistencyWindow))
        : AwsReconcileError.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);

    /// <summary>There is a replica in that Region: ours from an attempt whose answer was lost, or somebody's.</summary>
    private async Task<KeyCreationResult> TakeReplicaAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, RegionalClients region, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        try
        {
            var replica = await KeyObserver.ObserveAsync(region.Clients.Reading, desired.Primary!.KeyId, cancellationToken);
            if (replica is null)
            {
                return KeyCreationResult.Blocked(ReconcileError.Transient(Reasons.Progressing, $"The replica in {desired.Location.Region} exists but is not visible yet."));
            }

            if (replica.Tags.GetValueOrDefault(TagNames.Owner) == desired.Owner.Path && KeyCompatibility.FindForeignOwner(replica, desired.Owner) is null)
            {
                await CreationRecord.StoreAsync(context, replica, attempt, cancellationToken);
                return KeyCreationResult.FoundKey;
            }

            var owner = replica.Tags.GetValueOrDefault(TagNames.Owner);
            if (owner is null && context.Status.Creation is not null && !(context.Now - replica.CreationDate > settings.ConsistencyWindow))
            {
                return KeyCreationResult.Blocked(ReconcileError.Transient(
                    Reasons.Progressing, $"{replica.Arn} was made moments ago and shows no owner yet; whether it is this resource's is looked at again."));
            }

            context.Status = context.Status with { Creation = null };
            return KeyCreationResult.Blocked(ReconcileError.Terminal(
                Reasons.ReplicaConflict,
                $"{replica.Arn} exists already (state {replica.KeyState}, owner {owner ?? "none"}) and is not this resource's; it is left alone."));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "DescribeKey") is { } unread)
        {
            return KeyCreationResult.Blocked(AwsReconcileError.For(
                unread, $"key {desired.Primary!.KeyId} in {desired.Location.Region}", isRecent: true));
        }
    }

    private RegionalClients PrimaryRegion(ResolvedKey resolved) => regions.For(resolved.Access with { Region = resolved.Desired.Primary!.Region });
}
