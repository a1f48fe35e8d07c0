using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>A request, as hooks see it.</summary>
/// <param name="Client">Name of the client that sends it.</param>
/// <param name="Verb"><c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c>, <c>patch</c>, <c>apply</c> or <c>delete</c>.</param>
/// <param name="Plural">The kind, for example <c>servicekeys</c>.</param>
/// <param name="Key">The object; of a list or watch the namespace alone.</param>
/// <param name="Subresource">For example <c>status</c>; null for the object.</param>
/// <param name="Body">What is sent, if anything. Not to be changed.</param>
public sealed record ApiRequest(string Client, string Verb, string Plural, NamespacedName Key, string? Subresource, JsonObject? Body);

/// <summary>Something that happens before or after a request: it may take time, and what it throws is what the client gets.</summary>
public delegate Task RequestHook(ApiRequest request, CancellationToken cancellationToken);

/// <summary>One client's connection to the in-memory server, with whatever goes wrong on it.</summary>
public sealed class ApiConnection : IKubernetesApi
{
    // The real client gives a request up after this.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly InMemoryApiServer _server;
    private readonly string _client;
    private TimeSpan _watchLag;
    private bool _holdsWatches;

    internal ApiConnection(InMemoryApiServer server, string client) => (_server, _client) = (server, client);

    /// <summary>Runs before each request. When it throws, the server never saw the request.</summary>
    public RequestHook? Before { get; set; }

    /// <summary>Runs after each request that the server carried out. When it throws, the effect stays and the answer is lost.</summary>
    public RequestHook? After { get; set; }

    /// <summary>While true, every request fails as if nobody listened.</summary>
    public bool IsUnavailable { get; set; }

    /// <summary>How long after a write this client's watches tell of it.</summary>
    public TimeSpan WatchLag
    {
        get => _watchLag;
        set
        {
            _watchLag = value;
            _server.WakeWatches(this);
        }
    }

    /// <summary>While true, this client's watches tell nothing; later they tell everything.</summary>
    public bool HoldsWatches
    {
        get => _holdsWatches;
        set
        {
            _holdsWatches = value;
            _server.WakeWatches(this);
        }
    }

    /// <summary>Breaks this client's watches, as a lost connection does.</summary>
    public void DropWatches() => _server.BreakWatches(this);

    /// <inheritdoc />
    public Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource => SendAsync(
            new(_client, "get", type.Plural, key, null, null), () => _server.Find(Kind(type), key) is { } found ? Read(type, found) : null, cancellationToken);

    /// <inheritdoc />
    public Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource => SendAsync(
            new(_client, "list", type.Plural, new(@namespace ?? "", ""), null, null),
            () =>
            {
                var page = _server.List(Kind(type), @namespace, limit, continueToken);
                return new ResourceList<T>
                {
                    Metadata = new() { ResourceVersion = page.Revision.ToString(CultureInfo.InvariantCulture), Continue = page.Continue },
                    Items = [.. page.Items.Select(found => Read(type, found))],
                };
            },
            cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type,
        string? @namespace,
        string resourceVersion,
        WatchTiming timing,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource
    {
        var watch = await SendAsync(
            new(_client, "watch", type.Plural, new(@namespace ?? "", ""), null, null),
            () => _server.Watch(Kind(type), @namespace, resourceVersion, timing.Server, this),
            cancellationToken);
        try
        {
            while (await NextAsync(watch, timing.Idle, cancellationToken) is var (kind, json))
                yield return new(Enum.Parse<WatchEventKind>(kind, ignoreCase: true), JsonSerializer.Deserialize(json, type.Item)!);
        }
        finally
        {
            _server.Close(watch);
        }
    }

    /// <inheritdoc />
    public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var body = JsonSerializer.SerializeToNode(resource, type.Item)!.AsObject();
        return SendAsync(
            new(_client, "create", type.Plural, NamespacedName.Of(resource), null, body),
            () => Read(type, _server.Create(Kind(type), resource.Metadata.Namespace, body, ApiGroup.FieldManager)),
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource => SendAsync(
            new(_client, "patch", type.Plural, key, subresource, patch),
            () => Read(type, _server.Patch(Kind(type), key, patch, subresource, ApiGroup.FieldManager)),
            cancellationToken);

    /// <inheritdoc />
    public Task<T> ApplyAsync<T>(
        ResourceType<T> type,
        NamespacedName key,
        JsonObject body,
        string fieldManager,
        string? subresource,
        bool force,
        CancellationToken cancellationToken)
        where T : class, IResource
    {
        var identified = body.DeepClone().AsObject();
        identified.TryAdd("apiVersion", type.ApiVersion);
        identified.TryAdd("kind", type.Kind);
        identified.TryAdd("metadata", new JsonObject());
        identified["metadata"]!.AsObject().TryAdd("name", key.Name);
        return SendAsync(
            new(_client, "apply", type.Plural, key, subresource, body),
            () => Read(type, _server.Apply(Kind(type), key, identified, fieldManager, subresource, force)),
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource => SendAsync(
            new(_client, "delete", type.Plural, key, null, null),
            () =>
            {
                try
                {
                    _server.Delete(Kind(type), key, uid, resourceVersion);
                    return true;
                }
                catch (KubernetesApiException e) when (e.IsNotFound && e.Reason == "NotFound")
                {
                    return false;
                }
            },
            cancellationToken);

    private async Task<TResult> SendAsync<TResult>(ApiRequest request, Func<TResult> carryOut, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Before is { } before)
            await before(request, cancellationToken).WaitAsync(RequestTimeout, _server.Time, cancellationToken);
        if (IsUnavailable)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The API server is unavailable, as the test asked.");
        var answer = carryOut();
        if (After is { } after)
            await after(request, cancellationToken).WaitAsync(RequestTimeout, _server.Time, cancellationToken);
        return answer;
    }

    private async Task<(string Type, byte[] Object)?> NextAsync(WatchStream watch, TimeSpan idle, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(idle, _server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await watch.NextAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server sent nothing for {idle.TotalSeconds:0} s.");
        }
    }

    private ServedKind Kind<T>(ResourceType<T> type)
        where T : class, IResource => _server.Kinds.Find(type.Group, type.Version, type.Plural) ?? throw ApiErrors.NotServed();

    private static T Read<T>(ResourceType<T> type, StoredObject found)
        where T : class, IResource =>
        JsonSerializer.Deserialize(found.Utf8, type.Item) ?? throw new JsonException($"The API server has null for a {type.Kind}.");
}
