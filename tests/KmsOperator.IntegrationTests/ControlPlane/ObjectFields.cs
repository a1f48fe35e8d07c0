using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Reads fields of objects.</summary>
internal static class ObjectFields
{
    /// <summary>What <c>kubectl get -o jsonpath</c> prints of a field: texts as they are, everything else as JSON, nothing for what is not there.</summary>
    /// <param name="root">The object; null for none.</param>
    /// <param name="path">Names, each after a dot; <c>[*]</c> after a name stands for each entry of a list.</param>
    public static string Field(this JsonNode? root, string path)
    {
        IEnumerable<JsonNode?> found = [root];
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = part.Replace("[*]", "", StringComparison.Ordinal);
            found = found.Select(node => (node as JsonObject)?[name]);
            if (name.Length < part.Length)
                found = found.SelectMany(node => node as JsonArray ?? []);
        }
        return string.Join(' ', found.OfType<JsonNode>().Select(node => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString()));
    }

    /// <summary>A condition of the status; null when there is none of that type.</summary>
    public static JsonObject? Condition(this JsonNode? root, string type) =>
        root?["status"]?["conditions"]?.AsArray().OfType<JsonObject>().FirstOrDefault(condition => (string?)condition["type"] == type);
}
