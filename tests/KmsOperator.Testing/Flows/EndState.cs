using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Flows;

/// <summary>
/// All of AWS and Kubernetes that a run leaves, as text that two runs can be compared by: ids and times are replaced, everything
/// else stands as it is. Every key of the simulator is in it, so that a forgotten or doubled one shows.
/// </summary>
internal static class EndState
{
    // One of these too many is an orphan, a duplicate, a lost or a needless deletion.
    private static readonly string[] Counted = ["CreateKey", "ReplicateKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "RotateKeyOnDemand", "UpdatePrimaryRegion"];

    // A former alias or grant stays on record until the next comparison, which comes after the flow or in it.
    private static readonly string[] Volatile = ["lastVerifiedAt", "lastChangedAt", "desiredSha256", "deletionDate", "formerAliasNames", "formerGrantNames"];

    /// <summary>What is in one end state and not in the other, line by line.</summary>
    public static string Difference(string expected, string actual)
    {
        var wanted = expected.Split('\n');
        var got = actual.Split('\n');
        return string.Join('\n', [.. wanted.Except(got).Select(line => $"- {line}"), .. got.Except(wanted).Select(line => $"+ {line}")]);
    }

    public static string Describe(
        string @namespace,
        string className,
        IEnumerable<IKeyResource> resources,
        IEnumerable<ConfigMap> configMaps,
        IEnumerable<JsonObject> keys,
        ConcurrentDictionary<string, int> effects)
    {
        var ordered = keys
            .OrderBy(key => Text(key["tags"]![TagNames.Owner]), StringComparer.Ordinal)
            .ThenBy(key => Text(key["region"]), StringComparer.Ordinal)
            .ThenBy(key => Text(key["keyState"]), StringComparer.Ordinal)
            .ToArray();
        var state = new JsonObject
        {
            ["calls"] = new JsonObject(Counted.Select(name => KeyValuePair.Create(name, (JsonNode?)effects.GetValueOrDefault(name)))),
            ["keys"] = new JsonArray([.. ordered.Select(Key)]),
            ["resources"] = new JsonArray([.. resources.OrderBy(resource => resource.Kind + resource.Metadata.Name, StringComparer.Ordinal).Select(Resource)]),
            ["configMaps"] = new JsonArray([.. configMaps
                .Where(map => map.Metadata.OwnerReferences is { Count: > 0 })
                .Select(map => (JsonNode)new JsonObject { [map.Metadata.Name] = JsonSerializer.Serialize(map.Data?.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary()) })]),
        };
        var text = state.ToJsonString(new JsonSerializerOptions { WriteIndented = true })
            .Replace(@namespace, "NAMESPACE", StringComparison.Ordinal)
            .Replace(className, "CLASS", StringComparison.Ordinal);
        var number = 0;
        foreach (var id in ordered.Select(key => Text(key["keyId"])).Distinct().ToArray())
        {
            text = text.Replace(id, $"KEY-{++number}", StringComparison.Ordinal);
        }

        return text;
    }

    private static JsonNode Key(JsonObject shown)
    {
        var key = shown.DeepClone().AsObject();
        key["deletionDate"] = key["deletionDate"] is null ? null : "set";
        var tags = key["tags"]!.AsObject();
        foreach (var name in (string[])[TagNames.Uid, TagNames.Attempt, TagNames.Released, TagNames.DeletedBy])
        {
            if (tags.ContainsKey(name))
            {
                tags[name] = "set";
            }
        }

        key["tags"] = new JsonObject(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => KeyValuePair.Create(tag.Key, tag.Value?.DeepClone())));
        return key;
    }

    private static JsonNode Resource(IKeyResource resource)
    {
        var status = JsonSerializer.SerializeToNode(resource.Status, ApiJsonContext.Default.KeyStatus)?.AsObject() ?? [];
        foreach (var name in Volatile)
        {
            status.Remove(name);
        }

        status["rotation"]?.AsObject().Remove("nextRotationDate");
        status["rotation"]?.AsObject().Remove("lastRotationDate");

        // They are for people only. A rotation is done for the ServiceKey. A KeyReplica that has become the primary shows it when it next reads its
        // rotations, and nothing tells it when.
        if (resource is KeyReplica)
        {
            status["rotation"]?.AsObject().Remove("onDemandUsed");
            status["rotation"]?.AsObject().Remove("history");
        }

        foreach (var rotation in status["rotation"]?["history"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            rotation["date"] = "set";
        }

        foreach (var grant in status["grants"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            grant["grantId"] = grant["grantId"] is null ? null : "set";
        }

        foreach (var name in (string[])["keyMaterialId", "secretUid", "secretResourceVersion"])
        {
            if (status["material"] is JsonObject material && material[name] is not null)
            {
                material[name] = "set";
            }
        }

        foreach (var condition in status["conditions"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            condition.Remove("lastTransitionTime");
        }

        return new JsonObject
        {
            ["kind"] = resource.Kind,
            ["name"] = resource.Metadata.Name,
            ["deleted"] = resource.Metadata.DeletionTimestamp is not null,
            ["finalizers"] = new JsonArray([.. (resource.Metadata.Finalizers ?? []).Select(finalizer => (JsonNode)finalizer)]),
            ["status"] = status,
        };
    }

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";
}
