using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KmsSimulator.Policies;

/// <summary>Policies as KMS gives them back: the same meaning, not the same text.</summary>
internal static partial class StoredPolicy
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Indented, account ids as root ARNs: a client that compares texts sees a difference where there is none.</summary>
    public static string Show(string policy)
    {
        var document = JsonNode.Parse(policy)!;
        var statements = document["Statement"] switch
        {
            JsonArray list => list.OfType<JsonObject>(),
            JsonObject one => [one],
            _ => [],
        };
        foreach (var statement in statements)
        {
            foreach (var element in (string[])["Principal", "NotPrincipal"])
            {
                if (statement[element] is JsonObject principal && principal["AWS"] is { } aws)
                {
                    principal["AWS"] = aws is JsonArray list ? new JsonArray([.. list.Select(Root)]) : Root(aws);
                }
            }
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            document.WriteTo(json);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static JsonNode? Root(JsonNode? name) =>
        name is JsonValue value && value.TryGetValue<string>(out var text) && Account().IsMatch(text) ? $"arn:aws:iam::{text}:root" : name?.DeepClone();

    [GeneratedRegex("^[0-9]{12}$")]
    private static partial Regex Account();
}
