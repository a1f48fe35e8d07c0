using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Load;

/// <summary>
/// The writes that a new key costs, without an operator: the resource, the finalizer, the status by server-side apply, and the event. Their content is that of a key
/// that the operator has made.
/// </summary>
internal sealed class BareWrites(ApiConnection api, TimeProvider time)
{
    /// <summary>Writes for so many keys in a namespace that no operator watches.</summary>
    /// <param name="source">A namespace with a key that the operator has made.</param>
    /// <param name="target">Where to write.</param>
    /// <param name="count">How many keys.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TimeSpan> RunAsync(string source, string target, int count, CancellationToken cancellationToken)
    {
        var key = await api.GetAsync(ApiPaths.Key(source, 0), cancellationToken);
        var happened = (await api.GetAsync($"{ApiPaths.Events(source)}?limit=1", cancellationToken)).GetProperty("items")[0];
        var writes = Enumerable.Range(0, count).Select(i => Writes(key, happened, target, i)).ToArray();
        var began = time.GetTimestamp();
        await KeyLoad.ForEachAsync(count, async (i, token) =>
        {
            foreach (var (method, path, body, contentType) in writes[i])
                await api.SendAsync(method, path, body, contentType, token);
        }, cancellationToken);
        return time.GetElapsedTime(began);
    }

    private static (HttpMethod Method, string Path, byte[] Body, string ContentType)[] Writes(JsonElement key, JsonElement happened, string target, int i)
    {
        var name = ApiPaths.KeyName(i);
        var (metadata, marks) = (key.GetProperty("metadata"), new JsonObject());
        foreach (var field in (string[])["finalizers", "annotations"])
        {
            if (metadata.TryGetProperty(field, out var value))
                marks[field] = Copy(value);
        }

        var applied = new JsonObject
        {
            ["apiVersion"] = Copy(key.GetProperty("apiVersion")),
            ["kind"] = Copy(key.GetProperty("kind")),
            ["metadata"] = new JsonObject { ["namespace"] = target, ["name"] = name },
            ["status"] = Copy(key.GetProperty("status")),
        };
        var said = Copy(happened).AsObject();
        said["metadata"] = new JsonObject { ["namespace"] = target, ["name"] = $"{name}.1" };
        said["regarding"]!["namespace"] = target;
        said["regarding"]!["name"] = name;
        return
        [
            (HttpMethod.Post, ApiPaths.Keys(target), ResourceBodies.Key(target, i, "none"), ApiConnection.Json),
            (HttpMethod.Patch, ApiPaths.Key(target, i), ResourceBodies.Bytes(new JsonObject { ["metadata"] = marks }), ApiConnection.MergePatch),
            (HttpMethod.Patch, $"{ApiPaths.Key(target, i)}/status?fieldManager={ApiGroup.FieldManager}&force=true", ResourceBodies.Bytes(applied), ApiConnection.ApplyPatch),
            (HttpMethod.Post, ApiPaths.Events(target), ResourceBodies.Bytes(said), ApiConnection.Json),
        ];
    }

    private static JsonNode Copy(JsonElement value) => JsonNode.Parse(value.GetRawText())!;
}
