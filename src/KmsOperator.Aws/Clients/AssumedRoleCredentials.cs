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
    private Task<ImmutableCredentials>? _renewal;

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
        lock (_lock)
        {
            return _current is { } current && current.ExpiresAt - _time.GetUtcNow() > RenewBeforeExpiry
                ? Task.FromResult(current.Value)
                : _renewal ??= RenewAsync();
        }
    }

    private async Task<ImmutableCredentials> RenewAsync()
    {
        // The caller holds the lock, and the request must not be sent under it.
        await Task.Yield();
        try
        {
            var credentials = (await _sts().AssumeRoleAsync(_request)).Credentials;
            var value = new ImmutableCredentials(credentials.AccessKeyId, credentials.SecretAccessKey, credentials.SessionToken);
            lock (_lock)
            {
                _current = (value, credentials.Expiration!.Value);
            }

            return value;
        }
        catch (Exception) when (_current is { } current && current.ExpiresAt > _time.GetUtcNow())
        {
            // STS failed, but the credentials are still valid for some minutes. The next request tries again.
            return current.Value;
        }
        finally
        {
            lock (_lock)
            {
                _renewal = null;
            }
        }
    }
}
