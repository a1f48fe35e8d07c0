using System.Net;
using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Makes keys, each exactly once: the attempt is on record before the call, its id goes into the key's tags with the call,
/// and an attempt whose outcome is unknown is settled by looking before anything is made again.
/// </summary>
/// <remarks>CreateKey has no idempotency token. See docs/decisions/0003-creating-a-key-exactly-once.md.</remarks>
internal sealed class KeyCreation(
    AwsRegions regions, KeyAdoption adoption, AliasClaims claims, KeyHolders holders, OperatorSettings settings, NewAttemptId newAttemptId)
{
    private static readonly TimeSpan SettlePeriod = TimeSpan.FromSeconds(15);

    // Clocks of AWS and of the cluster may differ by this much when a key's creation date is held against an attempt.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private const int MaxSaveAttempts = 5;

    /// <summary>Makes the key of a resource that has none, or finds the one that an earlier attempt made.</summary>
    /// <returns>
    /// The key as just made; null with a null finding when an existing key was found, whose id is in the status now; or why
    /// there is none yet.
    /// </returns>
    public async Task<KeyCreationResult> CreateAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var region = regions.For(resolved.Access);
        var isReplica = resolved.Desired.Primary is not null;
        if (pass.Status.Creation is { } undecided && !isReplica)
        {
            var settled = await SettleAsync(pass, region, undecided, resolved.Desired.AliasName, cancellationToken);
            if (settled is not { Finding: null, Found: false })
            {
                return settled;
            }

            // Nothing was made, and everything that might have shown it was read after the window: the attempt is void.
            pass.Status = pass.Status with { Creation = null };
        }

        if (pass.Status.Creation is null && await adoption.FindAsync(pass, resolved, region, cancellationToken) is { } existing)
        {
            return existing;
        }

        if (resolved.Desired.ObserveOnly)
        {
            return KeyCreationResult.Nothing;
        }

        if (await FindAliasConflictAsync(pass, resolved.Desired, region, cancellationToken) is { } conflict)
        {
            return KeyCreationResult.Blocked(conflict);
        }

        // Each sending is an attempt of its own time: what was sent last may become visible last.
        var isRepeated = pass.Status.Creation is not null;
        var attempt = new CreationStatus { AttemptId = pass.Status.Creation?.AttemptId ?? newAttemptId(), StartedAt = pass.Now };
        await RecordAttemptAsync(pass, resolved, attempt, cancellationToken);
        try
        {
            var made = isReplica
                ? await KeyCreator.ReplicateAsync(PrimaryRegion(resolved).Clients.Writing, resolved.Desired, attempt.AttemptId, cancellationToken)
                : await KeyCreator.CreateAsync(region.Clients.Writing, resolved.Desired, attempt.AttemptId, cancellationToken);
            pass.Memory.Made = new MadeKey(attempt.AttemptId, made.KeyId);
            pass.Memory.MadeAt = pass.Now;
            region.Scan.Record(made.KeyId, made.Tags, pass.Now);
            await RecordKeyAsync(pass, resolved, made, attempt, cancellationToken);
            return KeyCreationResult.Made(made);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, isReplica ? "ReplicateKey" : "CreateKey") is { } failure)
        {
            if (!failure.EffectIsUnknown && !isRepeated)
            {
                // KMS refused, so this attempt made nothing; the next one is another. An earlier sending may have made a replica all the same.
                pass.Status = pass.Status with { Creation = null };
            }

            return await ExplainAsync(pass, resolved, region, attempt, failure, cancellationToken);
        }
    }

    /// <summary>
    /// Finds out what became of an attempt. <see cref="KeyCreationResult.Found"/> when its key is there (its id is in the
    /// status, written); a finding while that is open; neither when the attempt made nothing.
    /// </summary>
    public async Task<KeyCreationResult> SettleAsync<T>(
        KeyPass<T> pass, AwsRegion region, CreationStatus attempt, string? aliasName, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var now = pass.Now;
            if ((await FindMadeKeyAsync(pass, region, attempt, aliasName, now, cancellationToken)) is { } keyId)
            {
                return await TakeAsync(pass, region, attempt, keyId, cancellationToken);
            }

            var scan = await region.Scan.GetAsync(now, cancellationToken);
            if (scan.KeyIdByAttempt.TryGetValue(attempt.AttemptId, out var scanned))
            {
                return await TakeAsync(pass, region, attempt, scanned, cancellationToken);
            }

            var suspects = scan.Unreadable.Where(key => key.CreationDate is null || key.CreationDate >= attempt.StartedAt - ClockTolerance).ToArray();
            if (suspects.Length > 0)
            {
                return KeyCreationResult.Blocked(Finding.Stalled(
                    Reasons.AccessDenied,
                    $"Whether attempt {attempt.AttemptId} made a key is open, and the tags of key {suspects[0].KeyId} may not be read: "
                    + $"{suspects[0].Message.TrimEnd('.')}. Allow kms:ListResourceTags, or kms:DescribeKey to see that it is older."));
            }

            // The attempt's time is another process's clock, perhaps; this process's own first look is not.
            var seenAt = pass.Memory.FirstSeenAt ??= now;
            var decidedAt = (attempt.StartedAt > seenAt ? attempt.StartedAt : seenAt) + settings.ConsistencyWindow;
            if (scan.StartedAt >= decidedAt)
            {
                return KeyCreationResult.Nothing;
            }

            var remaining = decidedAt - now;
            return KeyCreationResult.Blocked(
                Finding.Waiting(
                    Reasons.Progressing,
                    $"Whether attempt {attempt.AttemptId} made a key is not known; it is looked for until {decidedAt.UtcDateTime:HH:mm:ss}Z before another is made."),
                remaining < SettlePeriod ? remaining + TimeSpan.FromMilliseconds(100) : SettlePeriod);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return KeyCreationResult.Blocked(AwsFailureFinding.For(failure, $"the search for attempt {attempt.AttemptId}", isRecent: false));
        }
    }

    /// <summary>What needs no scan: the process's own memory, and the key that has the alias.</summary>
    private static async Task<string?> FindMadeKeyAsync<T>(
        KeyPass<T> pass, AwsRegion region, CreationStatus attempt, string? aliasName, DateTimeOffset now, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (pass.Memory.Made is { } made && made.AttemptId == attempt.AttemptId)
        {
            return made.KeyId;
        }

        if (aliasName is null || (await region.Aliases.GetAsync(now, cancellationToken)).GetValueOrDefault(aliasName) is not { } target)
        {
            return null;
        }

        try
        {
            var tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, target, cancellationToken);
            return tags.GetValueOrDefault(TagNames.Attempt) == attempt.AttemptId ? target : null;
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind is AwsFailureKind.AccessDenied or AwsFailureKind.NotFound)
        {
            return null;
        }
    }

    private static async Task<KeyCreationResult> TakeAsync<T>(
        KeyPass<T> pass, AwsRegion region, CreationStatus attempt, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } key)
        {
            return KeyCreationResult.Blocked(Finding.Waiting(Reasons.Progressing, $"Key {keyId} was made by attempt {attempt.AttemptId} but is not visible yet."));
        }

        await StoreAsync(pass, key, attempt, cancellationToken);
        return KeyCreationResult.FoundKey;
    }

    private static async Task RecordAttemptAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        await pass.HoldAsync(cancellationToken);
        pass.Status = pass.Status with
        {
            Creation = attempt,
            PendingAliasName = resolved.Desired.AliasName,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,
        };
        await pass.SaveLiveAsync(Verdict.Waiting(Reasons.Progressing, "The key is being made."), cancellationToken);
    }

    private static async Task RecordKeyAsync<T>(
        KeyPass<T> pass, ResolvedKey resolved, ObservedKey made, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Status = KeyStatusFields.Observed(pass.Status, resolved.Desired, made, complete: false);
        await StoreAsync(pass, made, attempt, cancellationToken);
    }

    /// <summary>
    /// Stores the key's id. A conflict here means that somebody changed the resource meanwhile: the id is stored on top of
    /// that, since it belongs to this attempt whatever the spec says now.
    /// </summary>
    private static async Task StoreAsync<T>(KeyPass<T> pass, ObservedKey key, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Status = KeyStatusFields.Observed(pass.Status, key);
        for (var tries = 1; ; tries++)
        {
            try
            {
                await pass.SaveAsync(Verdict.Waiting(Reasons.Progressing, $"{key.Arn} was made; alias and rotation follow."), cancellationToken);
                pass.Memory.Made = null;
                return;
            }
            catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.Conflict && tries < MaxSaveAttempts)
            {
                if (!await pass.RefreshAsync(cancellationToken) || pass.Resource.Status?.Creation?.AttemptId != attempt.AttemptId)
                {
                    throw;
                }
            }
        }
    }

    private async Task<Finding?> FindAliasConflictAsync<T>(
        KeyPass<T> pass, DesiredKey desired, AwsRegion region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var aliases = await region.Aliases.GetAsync(pass.Now - AliasDirectory.UsualAge, cancellationToken);
            var target = aliases.GetValueOrDefault(desired.AliasName);
            var isOwnReplica = desired.Primary is { } primary && target == primary.KeyId;

            // Asked also where no alias is listed: the list may be behind the key that got it last.
            var holder = holders.OfAlias(desired.Location, desired.AliasName, desired.Owner.Uid);
            if (!isOwnReplica && (holder is not null || (target is not null && !desired.TakeOverAlias)))
            {
                return KeyPlanner.AliasConflict(desired.AliasName, target, desired.Location, holder);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "ListAliases") is { } failure)
        {
            return AwsFailureFinding.For(failure, $"account {desired.Location.AccountId}, {desired.Location.Region}", isRecent: false);
        }

        var claimant = claims.Claim(desired.Location, desired.AliasName, desired.Owner);
        return claimant.Uid == desired.Owner.Uid ? null : AliasClaims.Conflict(desired.AliasName, claimant.Path);
    }

    private static async Task<KeyCreationResult> ExplainAsync<T>(
        KeyPass<T> pass, ResolvedKey resolved, AwsRegion region, CreationStatus attempt, AwsFailure failure, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var subject = desired.Primary is { } primary
            ? $"key {primary.KeyId} to {desired.Location.Region}"
            : $"account {desired.Location.AccountId}, {desired.Location.Region}";
        if (failure.Kind == AwsFailureKind.AlreadyExists && desired.Primary is not null)
        {
            return await TakeReplicaAsync(pass, resolved, region, attempt, failure, cancellationToken);
        }

        return KeyCreationResult.Blocked(AwsFailureFinding.For(failure, subject, isRecent: false));
    }

    /// <summary>There is a replica in that Region: ours from an attempt whose answer was lost, or somebody's.</summary>
    private static async Task<KeyCreationResult> TakeReplicaAsync<T>(
        KeyPass<T> pass, ResolvedKey resolved, AwsRegion region, CreationStatus attempt, AwsFailure failure, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        try
        {
            var replica = await KeyObserver.ObserveAsync(region.Clients.Reading, desired.Primary!.KeyId, cancellationToken);
            if (replica is null)
            {
                return KeyCreationResult.Blocked(Finding.Waiting(Reasons.Progressing, $"The replica in {desired.Location.Region} exists but is not visible yet."));
            }

            if (replica.Tags.GetValueOrDefault(TagNames.Owner) == desired.Owner.Path && KeyPlanner.FindForeignOwner(replica, desired.Owner) is null)
            {
                await StoreAsync(pass, replica, attempt, cancellationToken);
                return KeyCreationResult.FoundKey;
            }

            pass.Status = pass.Status with { Creation = null };
            return KeyCreationResult.Blocked(Finding.Stalled(
                Reasons.ReplicaConflict,
                $"{replica.Arn} exists already (state {replica.KeyState}, owner {replica.Tags.GetValueOrDefault(TagNames.Owner) ?? "none"}) and is not this resource's; it is left alone."));
        }
        catch (AmazonKeyManagementServiceException e)
        {
            return KeyCreationResult.Blocked(AwsFailureFinding.For(
                AwsFailure.Of(e, "DescribeKey") ?? failure, $"key {desired.Primary!.KeyId} in {desired.Location.Region}", isRecent: true));
        }
    }

    private AwsRegion PrimaryRegion(ResolvedKey resolved) => regions.For(resolved.Access with { Region = resolved.Desired.Primary!.Region });
}

/// <summary>What an attempt to make a key came to.</summary>
/// <param name="Key">The key, if it was made just now.</param>
/// <param name="Found">Whether an existing key of this resource was found instead; its id is in the status.</param>
/// <param name="Finding">Why there is no key yet.</param>
/// <param name="RequeueAfter">When to look again, where that is known.</param>
internal sealed record KeyCreationResult(ObservedKey? Key, bool Found, Finding? Finding, TimeSpan? RequeueAfter)
{
    /// <summary>The key of the attempt was found.</summary>
    public static KeyCreationResult FoundKey { get; } = new(null, true, null, null);

    /// <summary>The attempt made no key.</summary>
    public static KeyCreationResult Nothing { get; } = new(null, false, null, null);

    /// <summary>A key was made.</summary>
    public static KeyCreationResult Made(ObservedKey key) => new(key, false, null, null);

    /// <summary>There is no key yet.</summary>
    public static KeyCreationResult Blocked(Finding finding, TimeSpan? requeueAfter = null) => new(null, false, finding, requeueAfter);
}
