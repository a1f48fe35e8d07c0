using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>
/// Limits the operator to its share of KMS's request quotas, for each account, Region and operation. The rest is for people and services
/// in the account. If KMS throttles anyway, the rate is lowered further, and recovers slowly.
/// </summary>
/// <param name="share">The operator's share of each quota: more than 0, at most 1.</param>
/// <param name="time">The clock.</param>
public sealed class RequestRateLimiter(double share, TimeProvider time)
{
    /// <summary>The default share.</summary>
    public const double DefaultShare = 0.5;

    private readonly ConcurrentDictionary<(string Account, string Region, string Quota), TokenBucket> _buckets = new();

    /// <summary>Takes a slot for one request, and waits until the request may be sent.</summary>
    /// <param name="account">The account whose quota the request uses; see <see cref="AccountOf"/>.</param>
    /// <param name="region">Region of the call.</param>
    /// <param name="operation">Operation of the call, for example <c>CreateKey</c>.</param>
    /// <param name="maxWait">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait. The slot is used up all the same.</param>
    /// <returns>The request, which must be told how KMS answered. Null if the wait would be too long; then nothing was waited for.</returns>
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
            // Timers count whole milliseconds. Round up, or the request would be sent too early.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken).ConfigureAwait(false);
        }

        return new PermittedRequest(bucket, time.GetTimestamp(), wait);
    }

    /// <summary>
    /// The account whose quotas the calls use, as far as the role's ARN tells. Two roles of one account share its quotas. The account of
    /// the ambient credentials is not known here, so they count by themselves.
    /// </summary>
    /// <returns>The account id in the role's ARN; empty for ambient credentials.</returns>
    public static string AccountOf(AwsAccess access) => access.RoleArn?.Split(':') is [_, _, _, _, var account, ..] ? account : access.RoleArn ?? "";

    internal TokenBucket BucketOf(string account, string region, string operation)
    {
        var quota = KmsQuotas.Of(operation);
        return _buckets.GetOrAdd((account, region, quota.Name), _ => new TokenBucket(quota.PerSecond * share, time));
    }
}

/// <summary>A request that the rate limiter permitted.</summary>
public sealed class PermittedRequest
{
    private readonly TokenBucket _bucket;
    private readonly long _sentAt;

    internal PermittedRequest(TokenBucket bucket, long sentAt, TimeSpan waited) => (_bucket, _sentAt, Waited) = (bucket, sentAt, waited);

    /// <summary>How long the request waited for the rate limiter.</summary>
    public TimeSpan Waited { get; }

    /// <summary>Tells the rate limiter that KMS throttled the request.</summary>
    public void WasThrottled() => _bucket.SlowDown(_sentAt);

    /// <summary>Tells the rate limiter that KMS did not throttle the request, whatever else it answered.</summary>
    public void WasServed() => _bucket.Recover();
}
