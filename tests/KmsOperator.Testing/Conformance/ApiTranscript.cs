using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Conformance;

/// <summary>
/// Sends operations to an API server, and writes down what came of them in a way that two servers can be compared: uids, versions and
/// times are replaced by the order in which they were first seen.
/// </summary>
/// <param name="api">The server.</param>
/// <param name="namespace">Where; it exists.</param>
/// <param name="withOwnership">Whether <c>managedFields</c> count. Servers before 1.22 record subresources otherwise.</param>
public sealed class ApiTranscript(IKubernetesApi api, string @namespace, bool withOwnership)
{
    private const string LastName = "last";

    private static readonly ResourceType<RawResource> ConfigMaps = RawResource.Type("", "v1", "configmaps", "ConfigMap");
    private static readonly WatchTiming Timing = new(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    private readonly Dictionary<string, List<(string Uid, string Version)>> _seen = [];
    private readonly Dictionary<string, string> _standIns = [];

    /// <summary>What came of each operation, and then what a watch of Gadgets told of them.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(IEnumerable<ApiOperation> operations, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        var start = (await api.ListPageAsync(Gadget.Type, @namespace, 500, null, cancellationToken)).Metadata.ResourceVersion!;
        foreach (var operation in operations)
            lines.Add($"{operation} -> {await SendAsync(operation, cancellationToken)}");
        await SendAsync(ApiOperation.Create(LastName, """{"spec":{}}"""), cancellationToken);
        await foreach (var line in api.WatchAsync(Gadget.Type, @namespace, start, Timing, cancellationToken))
        {
            if (line.Kind == WatchEventKind.Bookmark)
                continue;
            if (line.Resource!.Metadata.Name == LastName)
                break;
            lines.Add($"{line.Kind} {Shown(line.Resource.Json)}");
        }
        return lines;
    }

    /// <summary>Sends one operation.</summary>
    /// <returns>The object, or the code and the reason of the refusal.</returns>
    public async Task<string> SendAsync(ApiOperation operation, CancellationToken cancellationToken)
    {
        var type = operation.IsConfigMap ? ConfigMaps : Gadget.Type;
        var key = new NamespacedName(@namespace, operation.Name);
        var body = JsonNode.Parse(operation.Body)!.AsObject();
        try
        {
            switch (operation.Verb)
            {
                case "create":
                    Metadata(body)["name"] = operation.Name;
                    Metadata(body)["namespace"] = @namespace;
                    (body["apiVersion"], body["kind"]) = (type.ApiVersion, type.Kind);
                    return Answer(operation, await api.CreateAsync(type, new RawResource(body), cancellationToken));
                case "get":
                    return Answer(operation, await api.GetAsync(type, key, cancellationToken));
                case "list":
                    return await ListAsync(type, cancellationToken);
                case "patch":
                    SetVersion(operation, body);
                    return Answer(operation, await api.MergePatchAsync(type, key, body, operation.Subresource, cancellationToken));
                case "apply":
                    SetVersion(operation, body);
                    return Answer(operation, await api.ApplyAsync(type, key, body, operation.Manager, operation.Subresource, operation.Force, cancellationToken));
                case "delete":
                    var uid = operation.Uid == Precondition.None ? null : Known(operation, operation.Uid).Uid;
                    var version = operation.Version == Precondition.None ? null : Known(operation, operation.Version).Version;
                    return await api.DeleteAsync(type, key, uid, version, cancellationToken) ? "deleted" : "none";
                default:
                    throw new ArgumentException(operation.Verb, nameof(operation));
            }
        }
        catch (KubernetesApiException e)
        {
            return $"{(int)e.StatusCode} {e.Reason}".TrimEnd();
        }
    }

    private async Task<string> ListAsync(ResourceType<RawResource> type, CancellationToken cancellationToken)
    {
        List<string> pages = [];
        string? token = null;
        do
        {
            var page = await api.ListPageAsync(type, @namespace, 2, token, cancellationToken);
            pages.Add(string.Join(", ", page.Items.Select(item => $"{item.Metadata.Name} {StandIn("version", item.Metadata.ResourceVersion!)}")));
            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));
        return string.Join(" | ", pages);
    }

    private string Answer(ApiOperation operation, RawResource? resource)
    {
        if (resource is null)
            return "none";
        var id = $"{operation.IsConfigMap} {operation.Name}";
        if (!_seen.TryGetValue(id, out var states))
            _seen[id] = states = [];
        states.Add((resource.Metadata.Uid!, resource.Metadata.ResourceVersion!));
        return Shown(resource.Json);
    }

    private void SetVersion(ApiOperation operation, JsonObject body)
    {
        if (operation.Version != Precondition.None)
            Metadata(body)["resourceVersion"] = Known(operation, operation.Version).Version;
    }

    private (string Uid, string Version) Known(ApiOperation operation, Precondition which)
    {
        var states = _seen.GetValueOrDefault($"{operation.IsConfigMap} {operation.Name}", []);
        if (which == Precondition.Current && states.Count > 0)
            return states[^1];
        var stale = states.LastOrDefault(state => state.Version != states[^1].Version);
        return stale.Uid is null ? ("11111111-1111-4111-8111-111111111111", "1") : (stale.Uid, stale.Version);
    }

    private string Shown(JsonObject resource)
    {
        var copy = resource.DeepClone().AsObject();
        var metadata = copy["metadata"]!.AsObject();
        metadata["uid"] = StandIn("uid", (string)metadata["uid"]!);
        metadata["resourceVersion"] = StandIn("version", (string)metadata["resourceVersion"]!);
        metadata["namespace"] = "home";
        metadata.Remove("selfLink");
        foreach (var time in (string[])["creationTimestamp", "deletionTimestamp"])
        {
            if (metadata.ContainsKey(time))
                metadata[time] = "time";
        }
        if (!withOwnership)
            metadata.Remove("managedFields");
        else if (metadata["managedFields"] is JsonArray owners)
            metadata["managedFields"] = Sorted(owners);
        return Sorted(copy)!.ToJsonString();
    }

    private static JsonArray Sorted(JsonArray owners)
    {
        foreach (var owner in owners)
            owner!.AsObject().Remove("time");
        return new([.. owners.Select(owner => owner!.DeepClone()).OrderBy(owner => Sorted(owner)!.ToJsonString(), StringComparer.Ordinal)]);
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private string StandIn(string kind, string value)
    {
        var key = $"{kind} {value}";
        if (!_standIns.TryGetValue(key, out var standIn))
            _standIns[key] = standIn = string.Create(CultureInfo.InvariantCulture, $"{kind}{_standIns.Keys.Count(other => other.StartsWith(kind, StringComparison.Ordinal))}");
        return standIn;
    }

    private static JsonObject Metadata(JsonObject body)
    {
        if (body["metadata"] is not JsonObject metadata)
            body["metadata"] = metadata = [];
        return metadata;
    }
}
