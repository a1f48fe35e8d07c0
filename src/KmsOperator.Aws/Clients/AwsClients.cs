using System.Collections.Concurrent;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SecurityToken;

namespace KmsOperator.Aws;

/// <summary>Creates the SDK's clients and keeps them, one set for each <see cref="AwsAccess"/>.</summary>
/// <param name="roleSessionName">Names the cluster in CloudTrail; see <see cref="RoleSessionName"/>.</param>
/// <param name="limiter">Keeps the KMS calls within the operator's share of the quotas; null for no limit.</param>
/// <param name="wrapTransport">
/// Wraps the transport of the KMS clients, above the rate limiter; called once for each access. For tests.
/// </param>
/// <param name="metrics">Counts every request; null for no metrics.</param>
/// <param name="time">The clock; the system's when null.</param>
public sealed class AwsClients(
    string roleSessionName, RequestRateLimiter? limiter = null, Func<HttpMessageHandler, HttpMessageHandler>? wrapTransport = null,
    RequestMetrics? metrics = null, TimeProvider? time = null) : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    // No redirects, as in the SDK's own client: KMS does not redirect, and a redirected call would take its signature to another host.
    // No trace headers: AWS does not use them.
    private readonly SocketsHttpHandler _sockets = new() { AllowAutoRedirect = false, ActivityHeadersPropagator = null };
    private readonly ConcurrentBag<SharedHttp> _http = [];
    private readonly ConcurrentDictionary<AwsAccess, Lazy<KmsClients>> _clients = new();
    private readonly ConcurrentDictionary<(string RoleArn, string? ExternalId), Lazy<AssumedRoleCredentials>> _roles = new();

    /// <summary>The clients for an access; cheap after the first call.</summary>
    public KmsClients For(AwsAccess access) =>
        _clients.GetOrAdd(access, key => new Lazy<KmsClients>(() => Create(key))).Value;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var clients in _clients.Values.Where(clients => clients.IsValueCreated))
        {
            clients.Value.Dispose();
        }

        foreach (var role in _roles.Values.Where(role => role.IsValueCreated))
        {
            role.Value.Dispose();
        }

        foreach (var http in _http)
        {
            http.Dispose();
        }

        _sockets.Dispose();
    }

    private KmsClients Create(AwsAccess access)
    {
        metrics?.Expect(AccountLabel(RequestRateLimiter.AccountOf(access)), access.Region);
        var credentials = access.RoleArn is { } roleArn
            ? _roles.GetOrAdd((roleArn, access.ExternalId), _ => new Lazy<AssumedRoleCredentials>(() => AssumeRole(access))).Value
            : null;
        var http = new SharedHttp(TransportFor(access), CallTimeout);
        _http.Add(http);
        var reading = Configure(new AmazonKeyManagementServiceConfig { HttpClientFactory = http }, access.Region, retries: 2);
        var writing = Configure(new AmazonKeyManagementServiceConfig { HttpClientFactory = http }, access.Region, retries: 0);
        var sts = Configure(new AmazonSecurityTokenServiceConfig { HttpClientFactory = StsHttp(access) }, access.Region, retries: 2);
        return credentials is null
            ? new KmsClients(
                new AmazonKeyManagementServiceClient(reading),
                new AmazonKeyManagementServiceClient(writing),
                new AmazonSecurityTokenServiceClient(sts))
            : new KmsClients(
                new AmazonKeyManagementServiceClient(credentials, reading),
                new AmazonKeyManagementServiceClient(credentials, writing),
                new AmazonSecurityTokenServiceClient(credentials, sts));
    }

    private HttpMessageHandler TransportFor(AwsAccess access)
    {
        var counted = Counted(access);
        var transport = limiter is null ? counted : new RateLimitingHandler(limiter, RequestRateLimiter.AccountOf(access), access.Region, counted, metrics);
        return wrapTransport is null ? transport : wrapTransport(transport);
    }

    private HttpMessageHandler Counted(AwsAccess access) => metrics is null
        ? _sockets
        : new MetricsHandler(metrics, AccountLabel(RequestRateLimiter.AccountOf(access)), access.Region, time ?? TimeProvider.System, _sockets);

    /// <summary>STS requests do not use KMS's quotas, so there is no rate limiter.</summary>
    private SharedHttp StsHttp(AwsAccess access)
    {
        var http = new SharedHttp(Counted(access), CallTimeout);
        _http.Add(http);
        return http;
    }

    /// <summary>An account as the value of a metric's label, which must not be empty.</summary>
    internal static string AccountLabel(string account) => account.Length == 0 ? "ambient" : account;

    private AssumedRoleCredentials AssumeRole(AwsAccess access)
    {
        var ambient = new AmazonSecurityTokenServiceClient(
            Configure(new AmazonSecurityTokenServiceConfig { HttpClientFactory = StsHttp(access with { RoleArn = null }) }, access.Region, retries: 2));
        return new AssumedRoleCredentials(ambient, access.RoleArn!, access.ExternalId, roleSessionName);
    }

    /// <summary>
    /// Settings that matter, each measured. The signing Region is always set, since with a configured endpoint alone the SDK signs for
    /// us-east-1. The SDK does not retry throttled calls, since all accounts of a process share its retry bucket. With
    /// <paramref name="retries"/> 0 the SDK sends nothing twice.
    /// </summary>
    private static T Configure<T>(T config, string region, int retries)
        where T : ClientConfig
    {
        config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        config.AuthenticationRegion = region;
        config.ThrottleRetries = false;
        config.MaxErrorRetry = retries;
        config.MaxStaleConnectionRetries = retries;
        config.Timeout = CallTimeout;
        return config;
    }
}

/// <summary>Clients for one account and Region.</summary>
/// <param name="Reading">KMS for reads. The SDK retries failed calls.</param>
/// <param name="Writing">KMS for writes. Every call is sent once, since a repeated CreateKey would make a second key.</param>
/// <param name="Sts">STS with the same credentials.</param>
public sealed record KmsClients(IAmazonKeyManagementService Reading, IAmazonKeyManagementService Writing, IAmazonSecurityTokenService Sts)
    : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        Reading.Dispose();
        Writing.Dispose();
        Sts.Dispose();
    }
}
