using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Objects in memory, with versions and conflicts as the server has them. Its lists are empty, its watches end at once.</summary>
internal sealed class InMemoryApi : IKubernetesApi
{
    private const int MostRequests = 10_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonObject> _objects = [];
    private int _version;
    private int _unanswered;

    /// <summary>Called before each request with its verb and object; what it throws is the answer.</summary>
    public Action<string, NamespacedName>? Before { get; set; }

    /// <summary>Whether requests are left without an answer until they are cancelled.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How many requests were left without an answer.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>A field of status that the schema does not have: what is written to it is dropped.</summary>
    public string? UnknownStatusField { get; set; }

    /// <summary>Verbs and bodies, in order.</summary>
    public List<(string Verb, string Body)> Requests { get; } = [];

    public Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource => Answer(
            "get", key, "", () => _objects.TryGetValue(Id(type, key), out var found) ? found.Deserialize(type.Item) : null, cancellationToken);

    public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var json = JsonSerializer.SerializeToNode(resource, type.Item)!.AsObject();
        return Answer(
            "create",
            NamespacedName.Of(resource),
            json.ToJsonString(),
            () => _objects.TryAdd(Id(type, NamespacedName.Of(resource)), json)
                ? Stored(type, json)
                : throw Failure(HttpStatusCode.Conflict, "AlreadyExists"),
            cancellationToken);
    }

    public Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource => Answer("patch", key, patch.ToJsonString(), () => Merged(type, key, patch), cancellationToken);

    public Task<T> ApplyAsync<T>(
        ResourceType<T> type,
        NamespacedName key,
        JsonObject body,
        string fieldManager,
        string? subresource,
        bool force,
        CancellationToken cancellationToken)
        where T : class, IResource => Answer("apply", key, body.ToJsonString(), () => Merged(type, key, body), cancellationToken);

    public Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource => Answer("delete", key, "", () => _objects.Remove(Id(type, key)), cancellationToken);

    public Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource =>
        Answer("list", default, "", () => new ResourceList<T> { Metadata = new() { ResourceVersion = "1" } }, cancellationToken);

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type,
        string? @namespace,
        string resourceVersion,
        WatchTiming timing,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource
    {
        await Answer("watch", default, "", () => true, cancellationToken);
        yield break;
    }

    public static KubernetesApiException Failure(HttpStatusCode status, string reason) => new(status, reason, reason);

    private static string Id<T>(ResourceType<T> type, NamespacedName key)
        where T : class, IResource => $"{type.Kind} {key}";

    private Task<T> Answer<T>(string verb, NamespacedName key, string body, Func<T> answer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsSilent)
        {
            var silence = new TaskCompletionSource<T>().Task.WaitAsync(cancellationToken);
            Interlocked.Increment(ref _unanswered);
            return silence;
        }
        try
        {
            Before?.Invoke(verb, key);
            lock (_gate)
            {
                // A caller that never pauses would keep a test's only thread for ever.
                if (Requests.Count == MostRequests)
                    throw new InvalidOperationException($"There were {MostRequests} requests.");
                Requests.Add((verb, body));
                return Task.FromResult(answer());
            }
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }

    private T Merged<T>(ResourceType<T> type, NamespacedName key, JsonObject patch)
        where T : class, IResource
    {
        if (!_objects.TryGetValue(Id(type, key), out var current))
            throw Failure(HttpStatusCode.NotFound, "NotFound");
        var wanted = (string?)patch["metadata"]?["resourceVersion"];
        if (wanted is not null && wanted != (string?)current["metadata"]!["resourceVersion"])
            throw Failure(HttpStatusCode.Conflict, "Conflict");
        Merge(current, patch);
        if (UnknownStatusField is not null)
            (current["status"] as JsonObject)?.Remove(UnknownStatusField);
        return Stored(type, current);
    }

    private T Stored<T>(ResourceType<T> type, JsonObject json)
        where T : class, IResource
    {
        json["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        json["metadata"]!["uid"] ??= $"uid-{_version}";
        return json.Deserialize(type.Item)!;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject nested && target[name] is JsonObject inner)
                Merge(inner, nested);
            else
                target[name] = value.DeepClone();
        }
    }
}
