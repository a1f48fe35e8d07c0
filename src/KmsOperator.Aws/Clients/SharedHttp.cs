using Amazon.Runtime;

namespace KmsOperator.Aws;

/// <summary>Makes the SDK's clients of one access use the same HTTP client.</summary>
/// <remarks>The SDK sets the configured time-out only on HTTP clients that it created itself, so it is set here.</remarks>
internal sealed class SharedHttp(HttpMessageHandler handler, TimeSpan timeout) : HttpClientFactory, IDisposable
{
    // Other clients share the handler and its connections; whoever created the handler disposes it.
    private readonly HttpClient _client = new(handler, disposeHandler: false) { Timeout = timeout };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
