using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace KmsOperator.UnitTests.Schema;

/// <summary>Compares the JSON shape of a C# type with a schema, property by property, and says what one has and the other has not.</summary>
internal static class TypesAgainstSchema
{
    public static IReadOnlyList<string> Differences(JsonTypeInfo type, JsonNode schema)
    {
        List<string> differences = [];
        Compare(type, schema, "", differences);
        return differences;
    }

    private static void Compare(JsonTypeInfo type, JsonNode schema, string path, List<string> differences)
    {
        var (expected, actual) = (JsonType(type), SchemaType(schema));
        if (expected != actual)
        {
            differences.Add($"{path}: {type.Type.Name} is a JSON {expected}, the schema says {actual}");
            return;
        }

        if (type.Kind is JsonTypeInfoKind.Enumerable) Compare(Info(type, type.ElementType!), schema["items"]!, $"{path}[]", differences);
        if (type.Kind is JsonTypeInfoKind.Dictionary) Compare(Info(type, type.ElementType!), schema["additionalProperties"]!, $"{path}{{}}", differences);
        if (type.Kind is not JsonTypeInfoKind.Object) return;

        var properties = schema["properties"]!.AsObject();
        var members = type.Properties.ToDictionary(property => property.Name);
        differences.AddRange(properties.Select(property => property.Key).Except(members.Keys).Select(name => $"{path}.{name}: only in the schema"));
        differences.AddRange(members.Keys.Except(properties.Select(property => property.Key)).Select(name => $"{path}.{name}: only in {type.Type.Name}"));
        foreach (var (name, property) in properties)
        {
            // Kubernetes' own: the schema may not describe it.
            if (path.Length == 0 && name == "metadata") continue;
            if (members.TryGetValue(name, out var member)) Compare(Info(type, member.PropertyType), property!, $"{path}.{name}", differences);
        }
    }

    private static string JsonType(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object => "object",
        JsonTypeInfoKind.Enumerable => "array",
        JsonTypeInfoKind.Dictionary => "map",
        _ => Type.GetTypeCode(Nullable.GetUnderlyingType(type.Type) ?? type.Type) switch
        {
            TypeCode.String => "string",
            TypeCode.Boolean => "boolean",
            TypeCode.Int32 => "int32",
            TypeCode.Int64 => "int64",
            _ when (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(DateTimeOffset) => "date-time",
            _ when (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(JsonElement) => "anything",
            _ => type.Type.Name,
        },
    };

    private static string SchemaType(JsonNode schema) => (string?)schema["type"] switch
    {
        "object" when schema["x-kubernetes-preserve-unknown-fields"] is not null => "anything",
        "object" when schema["additionalProperties"] is not null => "map",
        "integer" => (string?)schema["format"] ?? "integer without format",
        "string" when (string?)schema["format"] is { } format => format,
        var type => type ?? "nothing",
    };

    private static JsonTypeInfo Info(JsonTypeInfo owner, Type type) => owner.Options.GetTypeInfo(type);
}
