using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>An API server whose every answer the test gives itself, in the order of the requests.</summary>
/// <param name="thread">Where its client runs.</param>
/// <remarks>HttpClient goes on where an answer comes. So answers come on the test's thread, outside of the client's SynchronizationContext.</remarks>
internal sealed class ScriptedServer(TestThread thread) : HttpMessageHandler
{
    private readonly Queue<ScriptedRequest> _requests = [];

    public KubernetesApi Api() => new(
        new HttpClient(this, disposeHandler: false), new Uri("https://server.example/prefix"), (_, _) => Task.CompletedTask, "kms-operator/1.2.3", thread.Clock);

    /// <summary>The next request, while the clock stands still.</summary>
    public ScriptedRequest Next()
    {
        thread.RunUntilIdle();
        return _requests.TryDequeue(out var next) ? next : throw new InvalidOperationException("No request has come.");
    }

    /// <summary>The next request, while the clock runs.</summary>
    public ScriptedRequest NextAfterWaiting()
    {
        thread.RunUntil(() => _requests.Count > 0);
        return Next();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var scripted = new ScriptedRequest(request, body);
        _requests.Enqueue(scripted);
        return await scripted.Response.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>A request that waits for the test's answer.</summary>
internal sealed class ScriptedRequest(HttpRequestMessage request, string body)
{
    private readonly TaskCompletionSource<HttpResponseMessage> _response = new();

    public Task<HttpResponseMessage> Response => _response.Task;

    public string Method { get; } = request.Method.Method;

    public string Target { get; } = request.RequestUri!.PathAndQuery;

    public string? ContentType { get; } = request.Content?.Headers.ContentType?.MediaType;

    public string Accept { get; } = request.Headers.Accept.ToString();

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
    // Bytes reach the reader on the thread that writes them, and any number of them is taken at once.
    private readonly Pipe _pipe = new(new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));

    public Stream Stream => _pipe.Reader.AsStream();

    public void Line(string type, string item) => Bytes($$"""{"type":"{{type}}","object":{{item}}}""" + "\n");

    public void Bytes(string text) => _pipe.Writer.AsStream().Write(Encoding.UTF8.GetBytes(text));

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
