using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>
/// The operator's part of KMS's request quotas, for each account, Region and operation: people and services in the account need
/// the rest. What KMS throttles all the same is slowed down further, and recovers.
/// </summary>
/// <param name="share">The operator's part of each quota: more than 0, at most 1.</param>
/// <param name="time">The clock.</param>
public sealed class RequestRateLimiter(double share, TimeProvider time)
{
    /// <summary>The part that the operator takes unless it is told otherwise.</summary>
    public const double DefaultShare = 0.5;

    private readonly ConcurrentDictionary<(string Account, string Region, string Quota), TokenBucket> _buckets = new();

    /// <summary>Takes one request's part of the budget, and waits until the request may go.</summary>
    /// <param name="account">Whose quota it is; see <see cref="AccountOf"/>.</param>
    /// <param name="region">Region of the call.</param>
    /// <param name="operation">Its operation.</param>
    /// <param name="maxWait">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait; its slot is used up then.</param>
    /// <returns>The request, which must be told how KMS answered; null, at once, when the wait would be longer.</returns>
    public async Task<PermittedRequest?> TakeAsync(
        string account, string region, string operation, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var bucket = BucketOf(account, region, operation);
        if (bucket.Take(maxWait) is not { } wait)
        {
            return null;
        }

        if (wait > TimeSpan.Zero)
        {
            // Timers count whole milliseconds and would cut off the rest.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken);
        }

        return new PermittedRequest(bucket, time.GetTimestamp(), wait);
    }

    /// <summary>
    /// The account that calls count for, as far as it is known without asking: two roles of one account share its quotas, but
    /// whether the ambient credentials belong to it as well is not seen here.
    /// </summary>
    /// <returns>The account id of the role; empty for ambient credentials.</returns>
    public static string AccountOf(AwsAccess access) => access.RoleArn?.Split(':') is [_, _, _, _, var account, ..] ? account : access.RoleArn ?? "";

    /// <summary>The bucket of an operation.</summary>
    internal TokenBucket BucketOf(string account, string region, string operation)
    {
        var quota = KmsQuotas.Of(operation);
        return _buckets.GetOrAdd((account, region, quota.Name), _ => new TokenBucket(quota.PerSecond * share, time));
    }
}

/// <summary>A request that was granted and sent.</summary>
public sealed class PermittedRequest
{
    private readonly TokenBucket _bucket;
    private readonly long _sentAt;

    internal PermittedRequest(TokenBucket bucket, long sentAt, TimeSpan waited) => (_bucket, _sentAt, Waited) = (bucket, sentAt, waited);

    /// <summary>How long it waited for its turn.</summary>
    public TimeSpan Waited { get; }

    /// <summary>KMS throttled it.</summary>
    public void WasThrottled() => _bucket.SlowDown(_sentAt);

    /// <summary>KMS took it, whatever the answer was.</summary>
    public void WasServed() => _bucket.Recover();
}
