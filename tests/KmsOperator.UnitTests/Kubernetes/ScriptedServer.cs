using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Time.Testing;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>An API server whose every answer the test gives itself, in the order of the requests.</summary>
internal sealed class ScriptedServer : HttpMessageHandler
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<ScriptedRequest> _requests = Channel.CreateUnbounded<ScriptedRequest>();

    public FakeTimeProvider Time { get; } = new();

    public KubernetesApi Api() =>
        new(new HttpClient(this, disposeHandler: false), new Uri("https://server.example/prefix"), (_, _) => Task.CompletedTask, "kms-operator/1.2.3", Time);

    /// <summary>The next request, while the clock stands still.</summary>
    public async Task<ScriptedRequest> NextAsync() => await _requests.Reader.ReadAsync().AsTask().WaitAsync(Patience, TimeProvider.System);

    /// <summary>The next request, while the clock runs.</summary>
    public async Task<ScriptedRequest> NextAfterWaitingAsync()
    {
        var next = NextAsync();
        while (!next.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None));
        }
        return await next;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var scripted = new ScriptedRequest(request, body);
        _requests.Writer.TryWrite(scripted);
        return await scripted.Response.WaitAsync(cancellationToken);
    }
}

/// <summary>A request that waits for the test's answer.</summary>
internal sealed class ScriptedRequest(HttpRequestMessage request, string body)
{
    private readonly TaskCompletionSource<HttpResponseMessage> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<HttpResponseMessage> Response => _response.Task;

    public string Method { get; } = request.Method.Method;

    public string Target { get; } = request.RequestUri!.PathAndQuery;

    public string? ContentType { get; } = request.Content?.Headers.ContentType?.MediaType;

    public string UserAgent { get; } = request.Headers.UserAgent.ToString();

    public string Body => body;

    public bool IsWatch => Target.Contains("watch=true", StringComparison.Ordinal);

    public void Reply(string json, HttpStatusCode status = HttpStatusCode.OK, int? retryAfter = null)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(json, Encoding.UTF8) };
        if (retryAfter is { } seconds)
            response.Headers.Add("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));
        _response.SetResult(response);
    }

    public void Fail(Exception exception) => _response.SetException(exception);

    /// <summary>Answers a list with these ConfigMaps.</summary>
    public void ReplyList(string resourceVersion, params string[] items) =>
        Reply($$"""{"metadata":{"resourceVersion":"{{resourceVersion}}","continue":""},"items":[{{string.Join(',', items)}}]}""");

    /// <summary>Answers with a stream that stays open.</summary>
    public ScriptedWatch ReplyWatch()
    {
        var watch = new ScriptedWatch();
        _response.SetResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(watch.Stream) });
        return watch;
    }
}

/// <summary>The server's end of a watch.</summary>
internal sealed class ScriptedWatch
{
    private readonly Pipe _pipe = new();

    public Stream Stream => _pipe.Reader.AsStream();

    public Task LineAsync(string type, string item) => BytesAsync($$"""{"type":"{{type}}","object":{{item}}}""" + "\n");

    public async Task BytesAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    public void End() => _pipe.Writer.Complete();

    public void Break() => _pipe.Writer.Complete(new IOException("connection reset"));
}

/// <summary>ConfigMaps as the server writes them.</summary>
internal static class Json
{
    public static string ConfigMap(string name, int version, string? uid = null, string @namespace = "ns") => $$$"""
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"{{{@namespace}}}","uid":"{{{uid ?? name}}}","resourceVersion":"{{{version}}}"},"data":{"v":"{{{version}}}"}}
        """;

    public static string Bookmark(int version) =>
        $$$"""{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}","creationTimestamp":null}}""";

    public static string Status(int code, string reason, string message = "no") =>
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code": {{code}} }""";
}
