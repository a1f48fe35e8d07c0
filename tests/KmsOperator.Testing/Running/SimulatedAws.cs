using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SQS;
using KmsOperator.Aws;
using KmsSimulator;

namespace KmsOperator.Testing.Running;

/// <summary>KMS and STS in this process, and how tests look into them and act on them.</summary>
public sealed class SimulatedAws : IDisposable
{
    /// <summary>The account of ambient credentials.</summary>
    public const string AccountId = "123456789012";

    private static readonly BasicAWSCredentials Credentials = new("AKIATEST", "secret");

    private readonly SimulatorHandler _handler;
    private readonly HttpMessageHandler _operators;
    private readonly HttpClient _admin;
    private readonly Factory _factory;
    private readonly Dictionary<string, AmazonKeyManagementServiceClient> _clients = [];
    private readonly List<IDisposable> _others = [];

    internal SimulatedAws(SimulatorOptions options, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? front = null)
    {
        _handler = new SimulatorHandler(options, time);
        _operators = front?.Invoke(_handler) ?? _handler;
        _factory = new Factory(_handler);
        _admin = new HttpClient(_handler, disposeHandler: false) { BaseAddress = new Uri("http://simulator.invalid") };
    }

    /// <summary>What the operator's clients use in place of the network.</summary>
    internal InProcessAws InProcess => new(_operators, Credentials);

    /// <summary>KMS for the test itself, in a Region.</summary>
    public IAmazonKeyManagementService Kms(string region = "us-east-1")
    {
        if (!_clients.TryGetValue(region, out var client))
        {
            _clients[region] = client = new AmazonKeyManagementServiceClient(Credentials, new AmazonKeyManagementServiceConfig
            {
                ServiceURL = "http://kms.invalid",
                AuthenticationRegion = region,
                MaxErrorRetry = 0,
                HttpClientFactory = _factory,
            });
        }
        return client;
    }

    /// <summary>KMS as another principal than the operator.</summary>
    /// <param name="principal">ARN of a role, a user or an account.</param>
    /// <param name="region">The Region.</param>
    public Task<IAmazonKeyManagementService> KmsAsAsync(string principal, string region = "us-east-1") => KmsOfAsync($$"""{"principal": "{{principal}}"}""", region);

    /// <summary>KMS as an AWS service that acts for a resource.</summary>
    /// <param name="service">For example <c>logs.us-east-1.amazonaws.com</c>.</param>
    /// <param name="sourceAccount">The resource's account.</param>
    public Task<IAmazonKeyManagementService> KmsAsServiceAsync(string service, string sourceAccount) =>
        KmsOfAsync($$"""{"service": "{{service}}", "sourceAccount": "{{sourceAccount}}"}""", "us-east-1");

    private async Task<IAmazonKeyManagementService> KmsOfAsync(string described, string region)
    {
        var caller = JsonNode.Parse(await PostAsync("/_sim/callers", described))!;
        var client = new AmazonKeyManagementServiceClient(new BasicAWSCredentials((string)caller["accessKeyId"]!, "secret"), new AmazonKeyManagementServiceConfig
        {
            ServiceURL = "http://kms.invalid",
            AuthenticationRegion = region,
            MaxErrorRetry = 0,
            HttpClientFactory = _factory,
        });
        _others.Add(client);
        return client;
    }

    /// <summary>SQS for the test itself, in us-east-1.</summary>
    public IAmazonSQS Sqs()
    {
        var client = new AmazonSQSClient(Credentials, new AmazonSQSConfig
        {
            ServiceURL = "https://sqs.us-east-1.amazonaws.com",
            AuthenticationRegion = "us-east-1",
            MaxErrorRetry = 0,
            HttpClientFactory = _factory,
        });
        _others.Add(client);
        return client;
    }

    /// <summary>All keys as they really are, whatever readers may see; see <c>docs/simulator.md</c>.</summary>
    public async Task<IReadOnlyList<JsonObject>> KeysAsync() =>
        [.. (await _admin.GetFromJsonAsync<JsonArray>("/_sim/keys"))!.Select(key => key!.AsObject())];

    /// <summary>The only key that there is.</summary>
    public async Task<JsonObject> KeyAsync() => (await KeysAsync()).Single();

    /// <summary>How often each KMS operation was called, by anyone.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CallsAsync() =>
        (await _admin.GetFromJsonAsync<JsonObject>("/_sim/calls"))!.ToDictionary(call => call.Key, call => call.Value!.GetValue<int>());

    /// <summary>Posts to the simulator's own interface, for example to <c>/_sim/faults</c>.</summary>
    /// <returns>The answer.</returns>
    public async Task<string> PostAsync(string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await _admin.PostAsync(new Uri(path, UriKind.Relative), content);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Ends all faults that were asked for.</summary>
    public async Task ClearFaultsAsync()
    {
        using var response = await _admin.DeleteAsync(new Uri("/_sim/faults", UriKind.Relative));
        response.EnsureSuccessStatusCode();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
        _others.ForEach(client => client.Dispose());
        _admin.Dispose();
        _handler.Dispose();
    }

    private sealed class Factory(SimulatorHandler handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }
}
