using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Microsoft.Extensions.Time.Testing;

namespace KmsSimulator.Tests.InProcess;

/// <summary>A simulator without sockets, and the AWS SDK's clients on it.</summary>
internal sealed class InProcessSimulator : IDisposable
{
    private const string AnyHost = "http://kms.invalid";

    private readonly SimulatorHandler _handler;
    private readonly Factory _factory;
    private readonly List<IDisposable> _clients = [];

    public InProcessSimulator(int seed = 1)
    {
        _handler = new SimulatorHandler(new SimulatorOptions { QuotaScale = 0, Seed = seed }, Time);
        _factory = new Factory(_handler);
        Kms = KmsAs(new BasicAWSCredentials("AKIATEST", "secret"));
        Http = new HttpClient(_handler, disposeHandler: false) { BaseAddress = new Uri(AnyHost) };
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public IAmazonKeyManagementService Kms { get; }

    public HttpClient Http { get; }

    public IAmazonKeyManagementService KmsAs(AWSCredentials credentials)
    {
        var client = new AmazonKeyManagementServiceClient(credentials, new AmazonKeyManagementServiceConfig
        {
            ServiceURL = AnyHost,
            AuthenticationRegion = TestSimulator.Region,
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            HttpClientFactory = _factory,
        });
        _clients.Add(client);
        return client;
    }

    public IAmazonSecurityTokenService Sts()
    {
        var client = new AmazonSecurityTokenServiceClient(new BasicAWSCredentials("AKIATEST", "secret"), new AmazonSecurityTokenServiceConfig
        {
            ServiceURL = AnyHost,
            AuthenticationRegion = TestSimulator.Region,
            MaxErrorRetry = 0,
            HttpClientFactory = _factory,
        });
        _clients.Add(client);
        return client;
    }

    public async Task SetAsync(string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await Http.PostAsync(path, content, TestSimulator.Token);
        response.EnsureSuccessStatusCode();
    }

    public async Task<JsonArray> KeysAsync() => (await Http.GetFromJsonAsync<JsonArray>("/_sim/keys", TestSimulator.Token))!;

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        Http.Dispose();
        _handler.Dispose();
    }

    private sealed class Factory(SimulatorHandler handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }
}
