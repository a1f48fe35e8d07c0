using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SQS;
using Microsoft.Extensions.Time.Testing;

namespace KmsSimulator.Tests;

/// <summary>A simulator in this process whose time stands still unless a test moves it, and clients for it.</summary>
internal sealed class TestSimulator : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "us-east-1";

    private readonly SimulatorHost _host;
    private readonly HttpClient _http;
    // Tests of many callers at once make clients from several threads.
    private readonly ConcurrentBag<IDisposable> _clients = [];

    private TestSimulator(SimulatorHost host, FakeTimeProvider time)
    {
        (_host, Time) = (host, time);
        _http = new HttpClient { BaseAddress = new Uri(host.Url) };
        Kms = KmsIn(Region);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Url => _host.Url;

    public FakeTimeProvider Time { get; }

    /// <summary>KMS in <see cref="Region"/> as <see cref="Account"/>.</summary>
    public IAmazonKeyManagementService Kms { get; }

    /// <summary>Starts a simulator.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="time">Another clock than <see cref="Time"/>, for programs that wait by themselves.</param>
    public static async Task<TestSimulator> StartAsync(SimulatorOptions? options = null, TimeProvider? time = null)
    {
        var still = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        return new TestSimulator(
            await SimulatorHost.StartAsync(options ?? new SimulatorOptions { QuotaScale = 0, Seed = 1 }, time ?? still, Token), still);
    }

    /// <summary>KMS in a Region. Nothing is retried: a test sees each answer.</summary>
    public IAmazonKeyManagementService KmsIn(string region, AWSCredentials? credentials = null)
    {
        var client = new AmazonKeyManagementServiceClient(
            credentials ?? new BasicAWSCredentials("AKIATEST", "secret"),
            new AmazonKeyManagementServiceConfig
            {
                ServiceURL = Url,
                AuthenticationRegion = region,
                MaxErrorRetry = 0,
                MaxStaleConnectionRetries = 0,
                ThrottleRetries = false,
            });
        _clients.Add(client);
        return client;
    }

    public IAmazonSecurityTokenService Sts(AWSCredentials? credentials = null)
    {
        var client = new AmazonSecurityTokenServiceClient(
            credentials ?? new BasicAWSCredentials("AKIATEST", "secret"),
            new AmazonSecurityTokenServiceConfig { ServiceURL = Url, AuthenticationRegion = Region, MaxErrorRetry = 0, MaxStaleConnectionRetries = 0 });
        _clients.Add(client);
        return client;
    }

    public IAmazonSQS Sqs(string region = Region)
    {
        var client = new AmazonSQSClient(
            new BasicAWSCredentials("AKIATEST", "secret"),
            new AmazonSQSConfig { ServiceURL = Url, AuthenticationRegion = region, MaxErrorRetry = 0, MaxStaleConnectionRetries = 0, ThrottleRetries = false });
        _clients.Add(client);
        return client;
    }

    /// <summary>Credentials of a role.</summary>
    public async Task<AWSCredentials> AssumeAsync(string roleArn) =>
        (await Sts().AssumeRoleAsync(new() { RoleArn = roleArn, RoleSessionName = "test" }, Token)).Credentials;

    /// <summary>KMS as a principal or a service, as <c>/_sim/callers</c> describes it.</summary>
    public async Task<IAmazonKeyManagementService> KmsAsAsync(string caller)
    {
        var accessKeyId = (string)(await SetAsync("/_sim/callers", caller))["accessKeyId"]!;
        return KmsIn(Region, new BasicAWSCredentials(accessKeyId, "secret"));
    }

    public async Task<KeyMetadata> CreateKeyAsync(CreateKeyRequest? request = null, IAmazonKeyManagementService? kms = null) =>
        (await (kms ?? Kms).CreateKeyAsync(request ?? new CreateKeyRequest(), Token)).KeyMetadata;

    public async Task<KeyMetadata> DescribeAsync(string keyId, string region = Region) =>
        (await KmsIn(region).DescribeKeyAsync(new DescribeKeyRequest { KeyId = keyId }, Token)).KeyMetadata;

    public async Task<JsonNode> GetAsync(string path) =>
        (await _http.GetFromJsonAsync<JsonNode>(path, Token))!;

    public async Task<(int Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await _http.PostAsync(path, content, Token);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!);
    }

    /// <summary>Changes something by the admin interface that must accept it.</summary>
    public async Task<JsonNode> SetAsync(string path, string json)
    {
        var (status, body) = await PostAsync(path, json);
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }

    public Task AdvanceAsync(TimeSpan by) => SetAsync("/_sim/clock", $$"""{"advanceSeconds": {{by.TotalSeconds}}}""");

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        _http.Dispose();
        await _host.DisposeAsync();
    }
}
