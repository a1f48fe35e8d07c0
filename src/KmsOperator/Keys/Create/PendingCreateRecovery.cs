using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
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
    /// <param name="attempt">The attempt.</param>
    /// <param name="aliasName">The alias that the key was to get; null where it does not matter.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The key was found and its id is stored; or an error while that is not known; or none: the attempt made no key.</returns>
    public async Task<KeyCreationResult> RecoverAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, CreationStatus attempt, string? aliasName, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var now = context.Now;
            if (await FindCreatedKeyAsync(context, region, attempt, aliasName, now, cancellationToken) is { } keyId)
            {
                return await TakeAsync(context, status, region, attempt, keyId, cancellationToken);
            }

            var tags = await region.Tags.GetAsync(now, cancellationToken);
            if (tags.KeyIdByAttempt.TryGetValue(attempt.AttemptId, out var tagged))
            {
                return await TakeAsync(context, status, region, attempt, tagged, cancellationToken);
            }

            var suspects = tags.Unreadable.Where(key => key.CreationDate is null || key.CreationDate >= attempt.StartedAt - ClockTolerance).ToArray();
            if (suspects.Length > 0)
            {
                return KeyCreationResult.Failed(status, ReconcileError.Terminal(
                    Reasons.AccessDenied,
                    $"It is not known whether attempt {attempt.AttemptId} created a key, and the tags of key {suspects[0].KeyId} may not be read: "
                    + $"{suspects[0].Message.TrimEnd('.')}. Allow kms:ListResourceTags, or kms:DescribeKey to see that the key is older."));
            }

            var decidedAt = context.DecidedAt(attempt.StartedAt, settings.ConsistencyWindow);
            if (tags.StartedAt >= decidedAt)
            {
                return KeyCreationResult.None(status);
            }

            var remaining = decidedAt - now;
            return KeyCreationResult.Failed(
                status,
                ReconcileError.Transient(
                    Reasons.Progressing,
                    $"It is not known whether attempt {attempt.AttemptId} created a key. The operator looks for it until {decidedAt.UtcDateTime:HH:mm:ss}Z before it creates another."),
                remaining < RetryPeriod ? remaining + TimeSpan.FromMilliseconds(100) : RetryPeriod);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return KeyCreationResult.Failed(status, AwsReconcileError.For(failure, $"the search for attempt {attempt.AttemptId}", isRecent: false));
        }
    }

    /// <summary>Looks where no index of tags is needed: in the process's own cache, and at the key that has the alias.</summary>
    private static async Task<string?> FindCreatedKeyAsync<T>(
        ReconcileContext<T> context, RegionalClients region, CreationStatus attempt, string? aliasName, DateTimeOffset now, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (context.Cache.Created is { } created && created.AttemptId == attempt.AttemptId)
        {
            return created.KeyId;
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
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, CreationStatus attempt, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is { } key
            ? KeyCreationResult.Found(await CreateRecord.EndAsync(context, status, key, attempt, cancellationToken))
            : KeyCreationResult.Failed(
                status, ReconcileError.Transient(Reasons.Progressing, $"Attempt {attempt.AttemptId} created key {keyId}, but KMS does not show it yet."));
}
