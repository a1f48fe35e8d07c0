using System.Text.Json.Nodes;

namespace KmsOperator.Importing.Objects;

/// <summary>A Kubernetes object of another operator, as its manifest or an export of the cluster has it.</summary>
/// <param name="Group">API group, without the version.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Json">The object.</param>
internal sealed record ForeignObject(string Group, string Kind, JsonObject Json)
{
    /// <summary>Its name.</summary>
    public string Name => Text("metadata", "name") ?? "";

    /// <summary>Its namespace; null where none is given.</summary>
    public string? Namespace => Text("metadata", "namespace");

    /// <summary>Kind, namespace and name, for people.</summary>
    public string Label => $"{Kind}.{Group} {(Namespace is null ? "" : Namespace + "/")}{Name}";

    /// <summary>The node at a path; null where there is none.</summary>
    public JsonNode? At(params ReadOnlySpan<string> path)
    {
        JsonNode? node = Json;
        foreach (var field in path)
        {
            node = node is JsonObject json ? json[field] : null;
        }

        return node;
    }

    /// <summary>A text that is not empty.</summary>
    public string? Text(params ReadOnlySpan<string> path) => At(path) is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    /// <summary>True or false.</summary>
    public bool? Flag(params ReadOnlySpan<string> path) => At(path) is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    /// <summary>A whole number; some operators write it with a fraction of zero.</summary>
    public int? Number(params ReadOnlySpan<string> path) => At(path) is not JsonValue value ? null
        : value.TryGetValue(out long whole) ? (int)whole
        : value.TryGetValue(out double number) && number == Math.Floor(number) ? (int)number
        : null;

    /// <summary>A list of texts; empty where there is none.</summary>
    public IReadOnlyList<string> Texts(params ReadOnlySpan<string> path) =>
        At(path) is JsonArray list ? [.. list.OfType<JsonValue>().Select(item => item.TryGetValue(out string? text) ? text : null).OfType<string>()] : [];

    /// <summary>The objects of a list, or the one object that stands there; some operators write a list of one as an object.</summary>
    public IEnumerable<JsonObject> Objects(params ReadOnlySpan<string> path) => At(path) switch
    {
        JsonObject one => [one],
        JsonArray list => list.OfType<JsonObject>(),
        _ => [],
    };

    /// <summary>A map of texts.</summary>
    public Dictionary<string, string>? Map(params ReadOnlySpan<string> path) => MapOf(At(path));

    /// <summary>The texts in a node that is a map; null where it is none.</summary>
    public static Dictionary<string, string>? MapOf(JsonNode? node) => node is JsonObject map
        ? map.Where(entry => entry.Value is JsonValue value && value.TryGetValue(out string? _)).ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>())
        : null;

    /// <summary>A list of <c>{tagKey, tagValue}</c>.</summary>
    public Dictionary<string, string>? Tags(params ReadOnlySpan<string> path) => At(path) is JsonArray list
        ? list.OfType<JsonObject>().Where(tag => tag["tagKey"] is not null).GroupBy(tag => tag["tagKey"]!.ToString()).ToDictionary(group => group.Key, group => group.Last()["tagValue"]?.ToString() ?? "")
        : null;

    /// <summary>The object for the report, with a command that lets go of it.</summary>
    /// <param name="command">What follows <c>kubectl</c> but for the object: verb, then arguments.</param>
    public ForeignSource Source((string Verb, string Arguments) command) =>
        new(Label, $"kubectl {command.Verb} {Plural}.{Group} {Quote(Name)}{(Namespace is null ? "" : $" -n {Quote(Namespace)}")} {command.Arguments}");

    private string Plural => Kind.EndsWith('s') ? Kind.ToLowerInvariant() + "es" : Kind.ToLowerInvariant() + "s";

    /// <summary>For a shell. What is no name of Kubernetes' goes between quotes.</summary>
    private static string Quote(string text) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.') ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
