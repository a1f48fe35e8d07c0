using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Finds out what became of attempts to make a key whose outcome is unknown, by looking.</summary>
internal sealed class PendingCreateRecovery(OperatorSettings settings)
{
    private static readonly TimeSpan SettlePeriod = TimeSpan.FromSeconds(15);

    // Clocks of AWS and of the cluster may differ by this much when a key's creation date is held against an attempt.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Finds out what became of an attempt. <see cref="KeyCreationResult.Found"/> when its key is there (its id is in the
    /// status, written); a error while that is open; neither when the attempt made nothing.
    /// </summary>
    public async Task<KeyCreationResult> SettleAsync<T>(
        ReconcileContext<T> context, RegionalClients region, CreationStatus attempt, string? aliasName, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            var now = context.Now;
            if ((await FindMadeKeyAsync(context, region, attempt, aliasName, now, cancellationToken)) is { } keyId)
            {
                return await TakeAsync(context, region, attempt, keyId, cancellationToken);
            }

            var scan = await region.Scan.GetAsync(now, cancellationToken);
            if (scan.KeyIdByAttempt.TryGetValue(attempt.AttemptId, out var scanned))
            {
                return await TakeAsync(context, region, attempt, scanned, cancellationToken);
            }

            var suspects = scan.Unreadable.Where(key => key.CreationDate is null || key.CreationDate >= attempt.StartedAt - ClockTolerance).ToArray();
            if (suspects.Length > 0)
            {
                return KeyCreationResult.Blocked(ReconcileError.Terminal(
                    Reasons.AccessDenied,
                    $"Whether attempt {attempt.AttemptId} made a key is open, and the tags of key {suspects[0].KeyId} may not be read: "
                    + $"{suspects[0].Message.TrimEnd('.')}. Allow kms:ListResourceTags, or kms:DescribeKey to see that it is older."));
            }

            // The attempt's time is another process's clock, perhaps; this process's own first look is not.
            var seenAt = context.Cache.FirstSeenAt ??= now;
            var decidedAt = (attempt.StartedAt > seenAt ? attempt.StartedAt : seenAt) + settings.ConsistencyWindow;
            if (scan.StartedAt >= decidedAt)
            {
                return KeyCreationResult.Nothing;
            }

            var remaining = decidedAt - now;
            return KeyCreationResult.Blocked(
                ReconcileError.Transient(
                    Reasons.Progressing,
                    $"Whether attempt {attempt.AttemptId} made a key is not known; it is looked for until {decidedAt.UtcDateTime:HH:mm:ss}Z before another is made."),
                remaining < SettlePeriod ? remaining + TimeSpan.FromMilliseconds(100) : SettlePeriod);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return KeyCreationResult.Blocked(AwsReconcileError.For(failure, $"the search for attempt {attempt.AttemptId}", isRecent: false));
        }
    }

    /// <summary>What needs no scan: the process's own memory, and the key that has the alias.</summary>
    private static async Task<string?> FindMadeKeyAsync<T>(
        ReconcileContext<T> context, RegionalClients region, CreationStatus attempt, string? aliasName, DateTimeOffset now, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (context.Cache.Made is { } made && made.AttemptId == attempt.AttemptId)
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
        ReconcileContext<T> context, RegionalClients region, CreationStatus attempt, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } key)
        {
            return KeyCreationResult.Blocked(ReconcileError.Transient(Reasons.Progressing, $"Key {keyId} was made by attempt {attempt.AttemptId} but is not visible yet."));
        }

        await CreationRecord.StoreAsync(context, key, attempt, cancellationToken);
        return KeyCreationResult.FoundKey;
    }
}
