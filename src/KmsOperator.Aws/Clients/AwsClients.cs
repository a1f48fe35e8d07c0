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
/// <param name="onDisposed">Told when these clients are disposed.</param>
public sealed class AwsClients(
    string roleSessionName, RequestRateLimiter? limiter = null, Func<HttpMessageHandler, HttpMessageHandler>? wrapTransport = null,
    RequestMetrics? metrics = null, TimeProvider? time = null, InProcessAws? inProcess = null, IWriteFence? fence = null,
    HttpMessageHandler? transport = null, Action<AwsClients>? onDisposed = null) : IDisposable
{
    /// <summary>How long a call of KMS or STS may take until it is given up.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    // A receive waits for 20 seconds at most until there is a message.
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(35);

    // No redirects, as in the SDK's own client: KMS does not redirect, and a redirected call would take its signature to another host.
    // No trace headers: AWS does not use them.
    private readonly HttpMessageHandler _transport = transport ?? inProcess?.Transport ?? new SocketsHttpHandler { AllowAutoRedirect = false, ActivityHeadersPropagator = null };
    private readonly bool _isTransportShared = (transport ?? inProcess?.Transport) is not null;
    private readonly ConcurrentQueue<SharedHttp> _http = [];
    private readonly ConcurrentDictionary<AwsAccess, Lazy<KmsClients>> _clients = new();
    private readonly ConcurrentDictionary<AwsClients, bool> _others = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly int _readRetries = inProcess is null ? 2 : 0;

    /// <summary>Clients with another fence. Connections, rate limits and metrics are this object's, which must live longer.</summary>
    public AwsClients Under(IWriteFence other)
    {
        var clients = new AwsClients(roleSessionName, limiter, wrapTransport, metrics, _time, inProcess, other, _transport, gone => _others.TryRemove(gone, out _));
        _others[clients] = true;
        return clients;
    }

    /// <summary>The clients for an access; cheap after the first call.</summary>
    public KmsClients For(AwsAccess access) =>
        _clients.GetOrAdd(access, key => new Lazy<KmsClients>(() => Create(key))).Value;

    /// <summary>Lets go of the clients of accounts that have had nothing to do, here and under other fences; they are made again when they are needed.</summary>
    /// <param name="unusedFor">For how long they must not have been used.</param>
    public void ReleaseIdle(TimeSpan unusedFor)
    {
        foreach (var clients in _clients.Values.Where(clients => clients.IsValueCreated))
        {
            clients.Value.ReleaseIdle(unusedFor);
        }

        foreach (var other in _others.Keys)
        {
            other.ReleaseIdle(unusedFor);
        }
    }

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
        onDisposed?.Invoke(this);
        foreach (var clients in _clients.Values.Where(clients => clients.IsValueCreated))
        {
            clients.Value.Dispose();
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
        var credentials = access.RoleArn is null ? inProcess?.Credentials : AssumeRole(access);
        var (kms, sts) = (Share(TransportFor(access)), Share(Counted(access)));
        return new KmsClients(() => CreateKms(_readRetries), () => CreateKms(retries: 0), CreateSts, _time);

        IAmazonKeyManagementService CreateKms(int retries)
        {
            metrics?.Expect(AccountLabel(RequestRateLimiter.AccountOf(access)), access.Region);
            var config = Configure(new AmazonKeyManagementServiceConfig { HttpClientFactory = kms }, access.Region, retries);
            return credentials is null ? new AmazonKeyManagementServiceClient(config) : new AmazonKeyManagementServiceClient(credentials, config);
        }

        // STS requests do not use KMS's quotas, so there is no rate limiter.
        IAmazonSecurityTokenService CreateSts()
        {
            var config = Configure(new AmazonSecurityTokenServiceConfig { HttpClientFactory = sts }, access.Region, _readRetries);
            return credentials is null ? new AmazonSecurityTokenServiceClient(config) : new AmazonSecurityTokenServiceClient(credentials, config);
        }
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

    private SharedHttp Share(HttpMessageHandler handler, TimeSpan? timeout = null)
    {
        var http = new SharedHttp(handler, timeout ?? CallTimeout, _time);
        _http.Enqueue(http);
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
        var own = For(new AwsAccess(null, null, access.Region));
        return new AssumedRoleCredentials(() => own.Sts, access, roleSessionName, _time);
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
