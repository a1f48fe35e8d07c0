using Amazon.Runtime;

namespace KmsOperator.Aws;

/// <summary>Makes the SDK's clients of one access use the same HTTP client.</summary>
/// <param name="handler">Sends the requests. Other HTTP clients may share it; whoever created it disposes it.</param>
/// <param name="timeout">The longest time that a request may take.</param>
/// <param name="time">Clock of the timeout.</param>
internal sealed class SharedHttp(HttpMessageHandler handler, TimeSpan timeout, TimeProvider time) : HttpClientFactory, IDisposable
{
    // HttpClient's own timeout uses the system's clock.
    private readonly HttpClient _client = new(new RequestTimeoutHandler(handler, timeout, time), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
