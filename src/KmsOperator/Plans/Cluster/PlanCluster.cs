using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Cluster;

/// <summary>
/// The cluster as it would be with the manifests applied, in memory. The operator's reconcilers read it and write to it as to an API server, and nothing of that
/// reaches a cluster.
/// </summary>
/// <param name="caches">Holds the objects.</param>
/// <param name="time">The clock.</param>
/// <param name="live">The cluster that ConfigMaps are read from; null for none.</param>
internal sealed class PlanCluster(ResourceCaches caches, TimeProvider time, IKubernetesApi? live) : IKubernetesApi
{
    private const string PlannedUid = "planned-uid-";

    private readonly Lock _lock = new();
    private readonly Dictionary<NamespacedName, ConfigMap> _configMaps = [];
    private int _version;
    private int _uids;

    /// <summary>Grows with every change.</summary>
    public int Version
    {
        get
        {
            lock (_lock)
            {
                return _version;
            }
        }
    }

    /// <summary>What the objects are in.</summary>
    public ResourceCaches Caches => caches;

    /// <summary>Whether an object has no uid yet, since only the API server gives one.</summary>
    public static bool IsPlanned(IResource resource) => IsPlannedUid(resource.Metadata.Uid);

    /// <summary>Whether a text stands for a uid that only the API server gives.</summary>
    public static bool IsPlannedUid(string? uid) => uid?.StartsWith(PlannedUid, StringComparison.Ordinal) == true;

    /// <summary>A uid for an object that no API server has seen.</summary>
    public string NewUid()
    {
        lock (_lock)
        {
            return PlannedUid + (++_uids).ToString("D6", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>An object; null if there is none.</summary>
    public T? Find<T>(ResourceType<T> type, NamespacedName key)
        where T : class, IResource => StoreOf<T>().TryGet(key, out var resource) ? resource : null;

    /// <summary>Puts an object there as it is, whoever wrote it.</summary>
    public T Put<T>(ResourceType<T> type, JsonObject json)
        where T : class, IResource
    {
        lock (_lock)
        {
            var metadata = (JsonObject)json["metadata"]!;
            metadata["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            var resource = json.Deserialize(type.Item)!;
            if (resource is ConfigMap configMap)
            {
                _configMaps[NamespacedName.Of(resource)] = configMap;
            }
            else
            {
                StoreOf<T>().Set(resource);
            }

            return resource;
        }
    }

    /// <summary>Replaces the uid of an object, which nobody has referred to yet.</summary>
    public void SetUid<T>(ResourceType<T> type, T resource, string uid)
        where T : class, IResource
    {
        var json = ToJson(type, resource);
        json["metadata"]!["uid"] = uid;
        Put(type, json);
    }

    /// <summary>Makes a resource look as if its key had not been compared with AWS lately, so that the operator compares it now.</summary>
    public void ForgetComparison<T>(ResourceType<T> type, NamespacedName key)
        where T : class, IResource
    {
        if (Find(type, key) is IKeyResource { Status.DesiredSha256: not null } and T resource)
        {
            var json = ToJson(type, resource);
            ((JsonObject)json["status"]!).Remove("desiredSha256");
            Put(type, json);
        }
    }

    /// <summary>An object as JSON.</summary>
    public static JsonObject ToJson<T>(ResourceType<T> type, T resource)
        where T : class, IResource => (JsonObject)JsonSerializer.SerializeToNode(resource, type.Item)!;

    /// <inheritdoc />
    public async Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource
    {
        if (typeof(T) == typeof(ConfigMap))
        {
            lock (_lock)
            {
                if (_configMaps.TryGetValue(key, out var configMap))
                {
                    return (T)(IResource)configMap;
                }
            }

            return live is null ? null : await live.GetAsync(type, key, cancellationToken);
        }

        return StoreOf<T>().TryGet(key, out var resource) ? resource : null;
    }

    /// <inheritdoc />
    public Task<ResourceList<T>> ListPageAsync<T>(ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource =>
        Task.FromResult(new ResourceList<T> { Items = @namespace is null ? StoreOf<T>().List() : StoreOf<T>().List(@namespace) });

    /// <inheritdoc />
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken)
        where T : class, IResource => throw new NotSupportedException("A plan watches nothing.");

    /// <inheritdoc />
    public async Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        if (await GetAsync(type, NamespacedName.Of(resource), cancellationToken) is not null)
        {
            throw Refused(HttpStatusCode.Conflict, "AlreadyExists", type, NamespacedName.Of(resource));
        }

        var json = ToJson(type, resource);
        var metadata = (JsonObject)json["metadata"]!;
        metadata["uid"] = NewUid();
        metadata["generation"] = 1;
        metadata["creationTimestamp"] = Now();
        return Put(type, json);
    }

    /// <inheritdoc />
    public async Task<T> MergePatchAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var json = await ReadForWriteAsync(type, key, patch, cancellationToken);
        Merge(json, patch);
        if (json["metadata"]?["deletionTimestamp"] is not null && json["metadata"]?["finalizers"] is not JsonArray { Count: > 0 })
        {
            Remove(type, key);
            return json.Deserialize(type.Item)!;
        }

        return Put(type, json);
    }

    /// <inheritdoc />
    public async Task<T> ApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken)
        where T : class, IResource
    {
        // The operator applies statuses only, and it is the only one who writes them.
        var json = await ReadForWriteAsync(type, key, body, cancellationToken);
        json["status"] = body["status"]?.DeepClone();
        return Put(type, json);
    }

    /// <inheritdoc />
    public async Task<bool> DeleteAsync<T>(ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource
    {
        if (await GetAsync(type, key, cancellationToken) is not { } resource)
        {
            return false;
        }

        if (resource.Metadata.Finalizers is { Count: > 0 } && typeof(T) != typeof(ConfigMap))
        {
            var json = ToJson(type, resource);
            json["metadata"]!["deletionTimestamp"] = Now();
            Put(type, json);
        }
        else
        {
            Remove(type, key);
        }

        return true;
    }

    private async Task<JsonObject> ReadForWriteAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject written, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var current = await GetAsync(type, key, cancellationToken) ?? throw Refused(HttpStatusCode.NotFound, "NotFound", type, key);
        return (string?)written["metadata"]?["resourceVersion"] is { } version && version != current.Metadata.ResourceVersion
            ? throw Refused(HttpStatusCode.Conflict, "Conflict", type, key)
            : ToJson(type, current);
    }

    private void Remove<T>(ResourceType<T> type, NamespacedName key)
        where T : class, IResource
    {
        lock (_lock)
        {
            _version++;
            if (typeof(T) != typeof(ConfigMap))
            {
                StoreOf<T>().Remove(key, null);
            }
        }
    }

    private ResourceStore<T> StoreOf<T>()
        where T : class, IResource
    {
        object store = typeof(T) == typeof(ServiceKey) ? caches.ServiceKeys
            : typeof(T) == typeof(KeyReplica) ? caches.KeyReplicas
            : typeof(T) == typeof(KeyClass) ? caches.KeyClasses
            : typeof(T) == typeof(Namespace) ? caches.Namespaces
            : throw new NotSupportedException($"A plan has no objects of type {typeof(T).Name}.");
        return (ResourceStore<T>)store;
    }

    private string Now() => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static KubernetesApiException Refused<T>(HttpStatusCode code, string reason, ResourceType<T> type, NamespacedName key)
        where T : class, IResource => new(code, reason, $"{type.Kind} {key}: {reason}.");

    /// <remarks>Source: RFC 7386.</remarks>
    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject nested)
            {
                if (target[name] is not JsonObject inner)
                {
                    target[name] = inner = [];
                }

                Merge(inner, nested);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }
}
