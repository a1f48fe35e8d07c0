using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using k8s;

namespace KmsOperator.Benchmarks.Load;

/// <summary>Sends bodies that are bytes already to the API server that <c>KUBECONFIG</c> names, over HTTP/2. It reads answers and does not look into them.</summary>
internal sealed class ApiConnection : IDisposable
{
    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";
    public const string ApplyPatch = "application/apply-patch+yaml";

    private const int Attempts = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly k8s.Kubernetes _client;
    private readonly TimeProvider _time;

    public ApiConnection(TimeProvider time)
    {
        _time = time;
        var configuration = KubernetesClientConfiguration.BuildDefaultConfig();
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.FirstMessageHandlerSetup = handler => handler.EnableMultipleHttp2Connections = true;
        _client = new k8s.Kubernetes(configuration);
    }

    public void Dispose() => _client.Dispose();

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await SendAsync(HttpMethod.Get, path, null, Json, cancellationToken));
        return document.RootElement.Clone();
    }

    /// <summary>The version to watch a collection from, so that nothing that happens after this call is missed.</summary>
    public async Task<string> VersionAsync(string collection, CancellationToken cancellationToken) =>
        (await GetAsync($"{collection}?limit=1", cancellationToken)).GetProperty("metadata").GetProperty("resourceVersion").GetString()!;

    /// <summary>Sends a request; once more, after a second, when the server refuses it for now.</summary>
    /// <exception cref="HttpRequestException">The server refuses it for good; the message has its words.</exception>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, string contentType, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var response = await ExchangeAsync(method, path, body, contentType, HttpCompletionOption.ResponseContentRead, cancellationToken);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
                return answer;
            if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || attempt == Attempts)
                throw new HttpRequestException($"{method} {path}: {Encoding.UTF8.GetString(answer)}", null, response.StatusCode);
            await Task.Delay(Pause, _time, cancellationToken);
        }
    }

    /// <summary>Opens a watch; the response is the caller's.</summary>
    public async Task<HttpResponseMessage> WatchAsync(string collection, string resourceVersion, CancellationToken cancellationToken)
    {
        var path = $"{collection}?watch=true&resourceVersion={resourceVersion}&timeoutSeconds=7200";
        var response = await ExchangeAsync(HttpMethod.Get, path, null, Json, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.EnsureSuccessStatusCode();
    }

    private Task<HttpResponseMessage> ExchangeAsync(
        HttpMethod method, string path, byte[]? body, string contentType, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(_client.BaseUri, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        }

        return _client.HttpClient.SendAsync(request, completion, cancellationToken);
    }
}
