using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KmsOperator.Policies;

namespace KmsOperator.Manifests;

/// <summary>
/// Holds JSON against the fields and types of a resource, as the API server's strict field validation does, and reports everything
/// that does not fit rather than the first. The types' own JSON metadata says what fits, so there is no second list of fields.
/// </summary>
internal sealed class StrictShape(ManifestDocument document, string root, Action<string, string> report)
{
    // Fields of ObjectMeta that exported manifests carry and the operator does not read.
    private static readonly string[] OtherMetadata =
        ["generateName", "managedFields", "selfLink", "deletionGracePeriodSeconds"];

    public void Check(JsonTypeInfo type, JsonNode? json) => Value(type, json, "");

    private void Value(JsonTypeInfo type, JsonNode? json, string path)
    {
        if (json is null)
        {
            // The server and its generators write nulls into metadata and status; in a spec it refuses them.
            if (!path.StartsWith("metadata", StringComparison.Ordinal) && !path.StartsWith("status", StringComparison.Ordinal))
                report(path, "has no value, remove it or give it one");
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                Object(type, json, path);
                break;
            case JsonTypeInfoKind.Dictionary when json is JsonObject map:
                foreach (var (key, value) in map) Value(Info(type, type.ElementType!), value, ManifestDocument.Join(path, key));
                break;
            case JsonTypeInfoKind.Enumerable when json is JsonArray list:
                for (var i = 0; i < list.Count; i++)
                    Value(Info(type, type.ElementType!), list[i], $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]");
                break;
            case JsonTypeInfoKind.Dictionary:
                Mismatch(path, json, "a mapping");
                break;
            case JsonTypeInfoKind.Enumerable:
                Mismatch(path, json, "a list");
                break;
            default:
                Scalar(Nullable.GetUnderlyingType(type.Type) ?? type.Type, json, path);
                break;
        }
    }

    private void Object(JsonTypeInfo type, JsonNode json, string path)
    {
        if (json is not JsonObject fields)
        {
            Mismatch(path, json, "a mapping");
            return;
        }

        foreach (var (name, value) in fields)
        {
            var property = type.Properties.FirstOrDefault(property => property.Name == name);
            if (property is not null)
                Value(Info(type, property.PropertyType), value, ManifestDocument.Join(path, name));
            else if (path != "metadata" || !OtherMetadata.Contains(name))
                report(ManifestDocument.Join(path, name), UnknownField(type, name));
        }
    }

    private void Scalar(Type type, JsonNode json, string path)
    {
        var kind = json.GetValueKind();
        if (type == typeof(string))
        {
            if (kind != JsonValueKind.String) Mismatch(path, json, "a text");
        }
        else if (type == typeof(bool))
        {
            if (kind is not (JsonValueKind.True or JsonValueKind.False)) Mismatch(path, json, "true or false");
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            // The server takes a number without a fraction for an integer, 30.0 too; the reader of the types does not.
            var fits = json is JsonValue number && number.TryGetValue(out long whole) && (type == typeof(long) || whole == (int)whole);
            if (!fits) Mismatch(path, json, "a whole number");
        }
        else if (type == typeof(DateTimeOffset))
        {
            if (kind != JsonValueKind.String || !DateTimeOffset.TryParse(json.GetValue<string>(), CultureInfo.InvariantCulture, out _))
                Mismatch(path, json, "a time like 2026-01-31T12:00:00Z");
        }
    }

    private void Mismatch(string path, JsonNode json, string expected)
    {
        var text = document.TextOf(ManifestDocument.Join(root, path)) ?? "";
        var (found, advice) = json.GetValueKind() switch
        {
            JsonValueKind.Object => ("a mapping", ""),
            JsonValueKind.Array => ("a list", ""),
            JsonValueKind.String => ($"the text \"{text}\"", ""),
            JsonValueKind.Number => ($"the number {text}", $", put it in quotes: \"{text}\""),
            _ => (text is "true" or "false" ? text : $"{text}, which YAML takes for true or false", $", put it in quotes: \"{text}\""),
        };
        report(path, $"is {found}, but {expected} is expected{(expected == "a text" ? advice : "")}");
    }

    private static string UnknownField(JsonTypeInfo type, string name)
    {
        var suggestion = Suggestion.For(name, type.Properties.Select(known => known.Name));
        return $"unknown field{suggestion}{(suggestion.Length > 0 ? " Here" : ", here")} are known: {Names(type)}";
    }

    private static string Names(JsonTypeInfo type) => string.Join(", ", type.Properties.Select(property => property.Name));

    private static JsonTypeInfo Info(JsonTypeInfo owner, Type type) => owner.Options.GetTypeInfo(type);
}
