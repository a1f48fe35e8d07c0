using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Sends requests to the API server over HTTP. Thread-safe.</summary>
/// <remarks>
/// If the server refuses a request without processing it (429 or 503 with <c>Retry-After</c>), the request is sent again after that time,
/// whatever its method. Nothing else is sent again here: if the answer to a write is lost, only the caller knows what to do.
/// </remarks>
public sealed class KubernetesApi : IKubernetesApi, IDisposable
{
    private const int Attempts = 5;
    private const string JsonType = "application/json";

    // Of an object whose answer nobody reads: the server then writes no megabytes of it. A server that does not know the transformation takes the second.
    private const string MetadataType = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly Uri _server;
    private readonly Func<HttpRequestMessage, CancellationToken, Task> _authenticate;
    private readonly string _userAgent;
    private readonly TimeProvider _time;
    private readonly Counter<long>? _requests;

    internal KubernetesApi(
        HttpClient http,
        Uri server,
        Func<HttpRequestMessage, CancellationToken, Task> authenticate,
        string userAgent,
        TimeProvider time,
        Meter? meter = null)
    {
        _requests = meter?.CreateCounter<long>("rest_client_requests_total", null, "Requests to the API server, by status code, method and host.");
        // Start each series with 0. Otherwise rate() does not show its first value.
        foreach (var (code, method) in (ReadOnlySpan<(string, string)>)[("200", "GET"), ("201", "POST"), ("200", "PATCH"), ("200", "DELETE")])
            _requests?.Add(0, new("code", code), new("method", method), new("host", server.Authority));
        _http = http;
        // The address must end with a slash. Otherwise the last part of a server's path would be lost.
        _server = new Uri(server.AbsoluteUri.TrimEnd('/') + "/");
        _authenticate = authenticate;
        _userAgent = userAgent;
        _time = time;
    }

    /// <summary>Reads the configuration. Makes no request.</summary>
    /// <param name="userAgent">The operator and its version for the server's audit log, for example <c>kms-operator/1.0.0</c>.</param>
    /// <param name="time">Clock of deadlines and waits.</param>
    /// <param name="kubeconfig">
    /// A kubeconfig file, or several as <c>KUBECONFIG</c> names them. If null, the in-cluster configuration is used, else <c>KUBECONFIG</c>, else <c>~/.kube/config</c>.
    /// </param>
    /// <param name="meter">Counts requests under client-go's name; null to count nothing.</param>
    /// <param name="context">A context of the kubeconfig; null for its current one. With a context, the in-cluster configuration is not used.</param>
    public static KubernetesApi Connect(string userAgent, TimeProvider time, string? kubeconfig = null, Meter? meter = null, string? context = null) =>
        ClusterConnection.Open(userAgent, time, kubeconfig, context, meter);

    /// <inheritdoc />
    public async Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource
    {
        try
        {
            return await SendAsync(HttpMethod.Get, type.ObjectPath(key, null), null, JsonType, type.Item, cancellationToken);
        }
        // If the server does not know the kind, it answers 404 too, but without a Status. That does not mean that the object is gone.
        catch (KubernetesApiException e) when (e.IsNotFound && e.Reason == "NotFound")
        {
            return null;
        }
    }

    /// <inheritdoc />
    public Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{type.CollectionPath(@namespace)}?limit={limit}");
        if (!string.IsNullOrEmpty(continueToken))
            path += $"&continue={Uri.EscapeDataString(continueToken)}";
        return SendAsync(HttpMethod.Get, path, null, JsonType, (stream, token) => new ListPageReader<T>(stream, type).ReadAsync(token), cancellationToken);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type,
        string? @namespace,
        string resourceVersion,
        WatchTiming timing,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = $"{type.CollectionPath(@namespace)}?watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(resourceVersion)}";
        path += string.Create(CultureInfo.InvariantCulture, $"&timeoutSeconds={(int)timing.Server.TotalSeconds}");
        using var response = await WithDeadline(
            timing.Idle, token => SendOnceAsync(HttpMethod.Get, path, null, JsonType, token), cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var lines = new WatchLineReader(stream);
        while (await WithDeadline(timing.Idle, lines.ReadAsync, cancellationToken) is { } line)
            yield return WatchLine.Parse(type, line.Bytes.Span, line.IsWhole);
    }

    /// <inheritdoc />
    public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = $"{type.CollectionPath(resource.Metadata.Namespace)}?fieldManager={ApiGroup.FieldManager}";
        var body = JsonSerializer.SerializeToNode(resource, type.Item)!.ToUtf8Bytes();
        return SendAsync(HttpMethod.Post, path, body, JsonType, type.Item, cancellationToken);
    }

    /// <inheritdoc />
    public Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = $"{type.ObjectPath(key, subresource)}?fieldManager={ApiGroup.FieldManager}";
        return SendAsync(HttpMethod.Patch, path, patch.ToUtf8Bytes(), "application/merge-patch+json", type.Item, cancellationToken);
    }

    /// <inheritdoc />
    public Task MergePatchUnreadAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = $"{type.ObjectPath(key, subresource)}?fieldManager={ApiGroup.FieldManager}";
        return SendAsync(HttpMethod.Patch, path, patch.ToUtf8Bytes(), "application/merge-patch+json", Nothing, cancellationToken, MetadataType);
    }

    /// <inheritdoc />
    public Task<T> ApplyAsync<T>(
        ResourceType<T> type,
        NamespacedName key,
        JsonObject body,
        string fieldManager,
        string? subresource,
        bool force,
        CancellationToken cancellationToken)
        where T : class, IResource => ApplyAsync(type, key, body, subresource, $"fieldManager={Uri.EscapeDataString(fieldManager)}&force={(force ? "true" : "false")}", cancellationToken);

    /// <inheritdoc />
    public async Task<T?> TryApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource =>
        await ApplyAsync(type, key, body, subresource, $"fieldManager={Uri.EscapeDataString(fieldManager)}&force=true&dryRun=All", cancellationToken);

    private Task<T> ApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string? subresource, string query, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var path = $"{type.ObjectPath(key, subresource)}?{query}";
        var identified = body.DeepClone().AsObject();
        identified.TryAdd("apiVersion", type.ApiVersion);
        identified.TryAdd("kind", type.Kind);
        identified.TryAdd("metadata", new JsonObject());
        identified["metadata"]!.AsObject().TryAdd("name", key.Name);
        if (type.Namespaced)
            identified["metadata"]!.AsObject().TryAdd("namespace", key.Namespace);
        // JSON is YAML; servers before 1.33 know the media type of YAML only.
        return SendAsync(HttpMethod.Patch, path, identified.ToUtf8Bytes(), "application/apply-patch+yaml", type.Item, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var preconditions = new JsonObject();
        if (uid is not null)
            preconditions["uid"] = uid;
        if (resourceVersion is not null)
            preconditions["resourceVersion"] = resourceVersion;
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = "Background",
            ["preconditions"] = preconditions,
        };
        try
        {
            await SendAsync(HttpMethod.Delete, type.ObjectPath(key, null), options.ToUtf8Bytes(), JsonType, Nothing, cancellationToken);
            return true;
        }
        catch (KubernetesApiException e) when (e.IsNotFound && e.Reason == "NotFound")
        {
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private Task<TResult> SendAsync<TResult>(
        HttpMethod method, string path, byte[]? body, string contentType, JsonTypeInfo<TResult> result, CancellationToken cancellationToken) =>
        SendAsync(
            method,
            path,
            body,
            contentType,
            async (stream, token) => await JsonSerializer.DeserializeAsync(stream, result, token)
                ?? throw new JsonException($"{method} {path} was answered with null."),
            cancellationToken);

    /// <summary>Leaves an answer unread.</summary>
    private static Task<bool> Nothing(Stream stream, CancellationToken cancellationToken) => Task.FromResult(true);

    private async Task<TResult> SendAsync<TResult>(
        HttpMethod method,
        string path,
        byte[]? body,
        string contentType,
        Func<Stream, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken,
        string? preferred = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                return await WithDeadline(RequestTimeout, Exchange, cancellationToken);
            }
            catch (KubernetesApiException e) when (attempt < Attempts && RetryAfter(e) is { } retryAfter)
            {
                wait = retryAfter;
            }
            await Task.Delay(wait, _time, cancellationToken);
        }

        async Task<TResult> Exchange(CancellationToken token)
        {
            using var response = await SendOnceAsync(method, path, body, contentType, token, preferred);
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            return await read(stream, token);
        }
    }

    private static TimeSpan? RetryAfter(KubernetesApiException e) =>
        e.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && e.RetryAfter <= LongestWait
            ? e.RetryAfter
            : null;

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, string path, byte[]? body, string contentType, CancellationToken cancellationToken, string? preferred = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_server, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (preferred is not null)
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(preferred));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(JsonType));
        request.Headers.TryAddWithoutValidation("User-Agent", _userAgent);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        }
        await _authenticate(request, cancellationToken);
        var response = await CountedAsync(request, () => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await StatusBody.ReadFailureAsync(response, _time, cancellationToken);
    }

    private async Task<HttpResponseMessage> CountedAsync(HttpRequestMessage request, Func<Task<HttpResponseMessage>> send)
    {
        // client-go's value if there was no answer.
        var code = "<error>";
        try
        {
            var response = await send();
            code = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return response;
        }
        finally
        {
            _requests?.Add(1, new("code", code), new("method", request.Method.Method), new("host", _server.Authority));
        }
    }

    private async Task<TResult> WithDeadline<TResult>(
        TimeSpan limit, Func<CancellationToken, Task<TResult>> action, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await action(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server sent nothing for {limit.TotalSeconds:0} s.");
        }
    }
}
