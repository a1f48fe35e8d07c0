using System.Collections.Concurrent;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SQS;

namespace KmsOperator.Aws;

/// <summary>Creates the SDK's clients and keeps them, one set for each <see cref="AwsAccess"/>.</summary>
/// <param name="roleSessionName">Names the cluster in CloudTrail; see <see cref="RoleSessionName"/>.</param>
/// <param name="limiter">Keeps the KMS calls within the operator's share of the quotas; null for no limit.</param>
/// <param name="wrapTransport">
/// Wraps the transport of the KMS clients, above the rate limiter; called once for each access. For tests.
/// </param>
/// <param name="metrics">Counts every request; null for no metrics.</param>
/// <param name="time">The clock; the system's when null.</param>
/// <param name="inProcess">Answers the requests in place of the network; for tests.</param>
/// <param name="fence">Asked before each KMS request that changes something; null if this process may always write.</param>
/// <param name="transport">The connections of other clients, which live longer than these; null for connections of their own.</param>
public sealed class AwsClients(
    string roleSessionName, RequestRateLimiter? limiter = null, Func<HttpMessageHandler, HttpMessageHandler>? wrapTransport = null,
    RequestMetrics? metrics = null, TimeProvider? time = null, InProcessAws? inProcess = null, IWriteFence? fence = null,
    HttpMessageHandler? transport = null) : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    // A receive waits for 20 seconds at most until there is a message.
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(35);

    // No redirects, as in the SDK's own client: KMS does not redirect, and a redirected call would take its signature to another host.
    // No trace headers: AWS does not use them.
    private readonly HttpMessageHandler _transport = transport ?? inProcess?.Transport ?? new SocketsHttpHandler { AllowAutoRedirect = false, ActivityHeadersPropagator = null };
    private readonly bool _isTransportShared = (transport ?? inProcess?.Transport) is not null;
    private readonly ConcurrentBag<SharedHttp> _http = [];
    private readonly ConcurrentDictionary<AwsAccess, Lazy<KmsClients>> _clients = new();
    private readonly ConcurrentBag<AssumedRoleCredentials> _roles = [];
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly int _readRetries = inProcess is null ? 2 : 0;

    /// <summary>Clients with another fence. Connections, rate limits and metrics are this object's, which must live longer.</summary>
    public AwsClients Under(IWriteFence other) => new(roleSessionName, limiter, wrapTransport, metrics, _time, inProcess, other, _transport);

    /// <summary>The clients for an access; cheap after the first call.</summary>
    public KmsClients For(AwsAccess access) =>
        _clients.GetOrAdd(access, key => new Lazy<KmsClients>(() => Create(key))).Value;

    /// <summary>
    /// A client for one queue, with the operator's own credentials; whoever asks for it disposes it. The SDK repeats nothing: a message that was
    /// received by a call without an answer comes again by itself.
    /// </summary>
    public IAmazonSQS CreateQueueClient(QueueUrl queue)
    {
        var config = Configure(new AmazonSQSConfig { HttpClientFactory = Share(_transport, QueueTimeout) }, queue.Region, retries: 0);

        // The queue's URL says where it is, whatever AWS_ENDPOINT_URL says.
        config.ServiceURL = queue.Endpoint;
        config.Timeout = QueueTimeout;
        return inProcess is null ? new AmazonSQSClient(config) : new AmazonSQSClient(inProcess.Credentials, config);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var clients in _clients.Values.Where(clients => clients.IsValueCreated))
        {
            clients.Value.Dispose();
        }

        foreach (var role in _roles)
        {
            role.Dispose();
        }

        foreach (var http in _http)
        {
            http.Dispose();
        }

        if (!_isTransportShared)
        {
            _transport.Dispose();
        }
    }

    private KmsClients Create(AwsAccess access)
    {
        metrics?.Expect(AccountLabel(RequestRateLimiter.AccountOf(access)), access.Region);
        var credentials = access.RoleArn is null ? inProcess?.Credentials : AssumeRole(access);
        var http = Share(TransportFor(access));
        var reading = Configure(new AmazonKeyManagementServiceConfig { HttpClientFactory = http }, access.Region, _readRetries);
        var writing = Configure(new AmazonKeyManagementServiceConfig { HttpClientFactory = http }, access.Region, retries: 0);
        var sts = Configure(new AmazonSecurityTokenServiceConfig { HttpClientFactory = StsHttp(access) }, access.Region, _readRetries);
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
        // The fence is below the rate limiter, where requests wait; only the metrics are between it and the network.
        var counted = Counted(access);
        var fenced = fence is null ? counted : new WriteFenceHandler(fence, access, counted);
        var transport = limiter is null ? fenced : new RateLimitingHandler(limiter, RequestRateLimiter.AccountOf(access), access.Region, fenced, metrics);
        return wrapTransport is null ? transport : wrapTransport(transport);
    }

    private HttpMessageHandler Counted(AwsAccess access) => metrics is null
        ? _transport
        : new MetricsHandler(metrics, AccountLabel(RequestRateLimiter.AccountOf(access)), access.Region, _time, _transport);

    /// <summary>STS requests do not use KMS's quotas, so there is no rate limiter.</summary>
    private SharedHttp StsHttp(AwsAccess access) => Share(Counted(access));

    private SharedHttp Share(HttpMessageHandler handler, TimeSpan? timeout = null)
    {
        var http = new SharedHttp(handler, timeout ?? CallTimeout, _time);
        _http.Add(http);
        return http;
    }

    /// <summary>An account as the value of a metric's label, which must not be empty.</summary>
    internal static string AccountLabel(string account) => account.Length == 0 ? "ambient" : account;

    /// <summary>
    /// Credentials for one access. They are not shared between Regions, although a role's credentials are valid in all of them: STS of
    /// the access's own Region gives them, so the outage of one Region does not affect another.
    /// </summary>
    private AssumedRoleCredentials AssumeRole(AwsAccess access)
    {
        var config = Configure(new AmazonSecurityTokenServiceConfig { HttpClientFactory = StsHttp(access with { RoleArn = null }) }, access.Region, _readRetries);
        var sts = inProcess is null ? new AmazonSecurityTokenServiceClient(config) : new AmazonSecurityTokenServiceClient(inProcess.Credentials, config);
        var role = new AssumedRoleCredentials(sts, access, roleSessionName, _time);
        _roles.Add(role);
        return role;
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
