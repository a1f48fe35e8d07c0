using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace KmsOperator.Aws;

/// <summary>Credentials of an assumed role. One AssumeRole call serves all requests until the credentials are about to expire. Thread-safe.</summary>
/// <remarks>The SDK's RefreshingAWSCredentials does the same on the system's clock, which a test cannot set.</remarks>
internal sealed class AssumedRoleCredentials : AWSCredentials
{
    private static readonly TimeSpan RenewBeforeExpiry = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Func<IAmazonSecurityTokenService> _sts;
    private readonly AssumeRoleRequest _request;
    private readonly TimeProvider _time;
    private (ImmutableCredentials Value, DateTimeOffset ExpiresAt)? _current;
    private TaskCompletionSource<ImmutableCredentials>? _renewal;

    /// <param name="sts">Gives the client that calls AssumeRole, with the credentials that may assume the role.</param>
    /// <param name="access">The role.</param>
    /// <param name="sessionName">Name of the session in CloudTrail.</param>
    /// <param name="time">Clock for the expiry.</param>
    public AssumedRoleCredentials(Func<IAmazonSecurityTokenService> sts, AwsAccess access, string sessionName, TimeProvider time)
    {
        _sts = sts;
        _time = time;
        _request = new AssumeRoleRequest { RoleArn = access.RoleArn, RoleSessionName = sessionName, ExternalId = access.ExternalId };
    }

    /// <summary>For the SDK's synchronous calls, which the operator does not make.</summary>
    public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

    public override Task<ImmutableCredentials> GetCredentialsAsync()
    {
        TaskCompletionSource<ImmutableCredentials> renewal;
        lock (_lock)
        {
            if (_current is { } current && current.ExpiresAt - _time.GetUtcNow() > RenewBeforeExpiry)
            {
                return Task.FromResult(current.Value);
            }

            if (_renewal is not null)
            {
                return _renewal.Task;
            }

            _renewal = renewal = new TaskCompletionSource<ImmutableCredentials>();
        }

        // Not under the lock. Whoever asks meanwhile waits for this renewal.
        _ = RenewAsync(renewal);
        return renewal.Task;
    }

    private async Task RenewAsync(TaskCompletionSource<ImmutableCredentials> renewal)
    {
        try
        {
            // The SDK waits for this without a context. Whoever ends that wait must have none either, or the SDK goes on on another thread.
            var credentials = (await _sts().AssumeRoleAsync(_request).ConfigureAwait(false)).Credentials;
            var value = new ImmutableCredentials(credentials.AccessKeyId, credentials.SecretAccessKey, credentials.SessionToken);
            End((value, credentials.Expiration!.Value));
            renewal.SetResult(value);
        }
        catch (Exception e)
        {
            // Where the credentials are still valid for some minutes, the next request tries again.
            if (End(null) is { } current && current.ExpiresAt > _time.GetUtcNow())
            {
                renewal.SetResult(current.Value);
            }
            else
            {
                renewal.SetException(e);
            }
        }
    }

    /// <returns>The credentials after the renewal: the new ones, or those of before where there are none.</returns>
    private (ImmutableCredentials Value, DateTimeOffset ExpiresAt)? End((ImmutableCredentials Value, DateTimeOffset ExpiresAt)? renewed)
    {
        lock (_lock)
        {
            _renewal = null;
            return _current = renewed ?? _current;
        }
    }
}
