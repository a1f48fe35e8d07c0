using Amazon.Runtime;

namespace KmsOperator.Aws;

/// <summary>Gives all KMS clients of an access the same HTTP client.</summary>
/// <remarks>The SDK sets its time-out only on clients that it made itself; this one's is the configuration's.</remarks>
internal sealed class SharedHttp(HttpMessageHandler handler, TimeSpan timeout) : HttpClientFactory, IDisposable
{
    // The handler's connections are shared further, and closed by whoever made them.
    private readonly HttpClient _client = new(handler, disposeHandler: false) { Timeout = timeout };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
