using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>Finds out whether a create attempt whose outcome is unknown made a key, by looking for it.</summary>
internal sealed class PendingCreateRecovery(OperatorSettings settings)
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);

    // The clocks of AWS and of the cluster may differ by this much when a key's creation date is compared with an attempt's time.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Looks for the key of an attempt.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="region">Where the key would be.</param>
    /// <param name="owner">The resource. A key that has another's owner tag is not its key, whatever the record says.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="aliasName">The alias that the key was to get; null where it does not matter.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The key was found and its id is stored; or an error while that is not known; or none: the attempt made no key.</returns>
    public async Task<KeyCreationResult> RecoverAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, KeyOwner owner, CreateAttempt attempt, string? aliasName, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var now = context.Now;
            var decidedAt = context.DecidedAt(attempt, settings.ConsistencyWindow);
            if (context.Cache.Created is { } created)
            {
                return await StoreAsync(context, status, region, created, cancellationToken);
            }

            if (await FindByAliasAsync(region, attempt, aliasName, now, cancellationToken) is { } named
                && await TakeAsync(context, status, region, owner, attempt, named, cancellationToken) is { } taken)
            {
                return taken;
            }

            var tags = await region.Tags.GetAsync(now, cancellationToken);
            if (tags.KeyIdByAttempt.TryGetValue(attempt.Id, out var tagged)
                && await TakeAsync(context, status, region, owner, attempt, tagged, cancellationToken) is { } found)
            {
                return found;
            }

            // Somebody may have changed the attempt on record.
            if (await OwnedKeys.FindAsync(region, owner, now, exceptKeyId: null, orPendingDeletion: false, cancellationToken) is { } own)
            {
                return KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, own, cancellationToken));
            }

            // A time that somebody has changed must not hide a key that was created since the resource was.
            var since = context.Resource.Metadata.CreationTimestamp < attempt.RecordedAt ? context.Resource.Metadata.CreationTimestamp : attempt.RecordedAt;
            if (FindUnreadable(tags, since, $"It is not known whether attempt {attempt.Id} created a key") is { } unreadable)
            {
                return KeyCreationResult.Failed(status, unreadable);
            }

            if (tags.StartedAt >= decidedAt)
            {
                return KeyCreationResult.None(status);
            }

            var remaining = decidedAt - now;
            return KeyCreationResult.Failed(
                status,
                ReconcileError.Transient(
                    Reasons.Progressing,
                    $"It is not known whether attempt {attempt.Id} created a key. The operator looks for it until {decidedAt.UtcDateTime:HH:mm:ss}Z before it creates another."),
                remaining < RetryPeriod ? remaining + TimeSpan.FromMilliseconds(100) : RetryPeriod);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return KeyCreationResult.Failed(status, AwsReconcileError.For(failure, $"the search for attempt {attempt.Id}", isRecent: false));
        }
    }

    /// <summary>Stores the id of a key that this process has created.</summary>
    public static async Task<KeyCreationResult> StoreAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, CreatedKey made, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        await KeyObserver.DescribeAsync(region.Clients.Reading, made.KeyId, cancellationToken) is { } key
            ? KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, key, cancellationToken))
            : KeyCreationResult.Failed(status, NotShown(made.AttemptId, made.KeyId));

    /// <summary>Why a key that is not found may be there all the same: the tags of one that is new enough may not be read.</summary>
    /// <param name="tags">What was found.</param>
    /// <param name="since">From when on the key may have been created; null where that is not known.</param>
    /// <param name="doubt">What is not known, as the beginning of a sentence.</param>
    public static ReconcileError? FindUnreadable(TagIndexSnapshot tags, DateTimeOffset? since, string doubt) =>
        tags.Unreadable.FirstOrDefault(key => key.CreationDate is null || !(key.CreationDate < since - ClockTolerance)) is { } suspect
            ? ReconcileError.Terminal(
                Reasons.AccessDenied,
                $"{doubt}, and the tags of key {suspect.KeyId} may not be read: "
                + $"{suspect.Message.TrimEnd('.')}. Allow kms:ListResourceTags, or kms:DescribeKey to see that the key is older.")
            : null;

    /// <summary>Looks where no index of tags is needed: at the key that has the alias.</summary>
    private static async Task<string?> FindByAliasAsync(
        RegionalClients region, CreateAttempt attempt, string? aliasName, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (aliasName is null || (await region.Aliases.GetAsync(now, cancellationToken)).GetValueOrDefault(aliasName) is not { } target)
        {
            return null;
        }

        try
        {
            var tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, target, cancellationToken);
            return tags.GetValueOrDefault(TagNames.Attempt) == attempt.Id ? target : null;
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind is AwsFailureKind.AccessDenied or AwsFailureKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Stores the id of the key that an attempt made, unless the key is another resource's by its tags.</summary>
    private static async Task<KeyCreationResult?> TakeAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, KeyOwner owner, CreateAttempt attempt, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } key)
        {
            return KeyCreationResult.Failed(status, NotShown(attempt.Id, keyId));
        }

        key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken) };
        return KeyCompatibility.FindForeignOwner(key, owner) is null
            ? KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, key, cancellationToken))
            : null;
    }

    private static ReconcileError NotShown(string attemptId, string keyId) =>
        ReconcileError.Transient(Reasons.Progressing, $"Attempt {attemptId} created key {keyId}, but KMS does not show it yet.");
}
