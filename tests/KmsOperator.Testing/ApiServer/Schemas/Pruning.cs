using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Removes what a schema does not declare, and puts defaults in.</summary>
/// <remarks>Source: Kubernetes documentation, "Custom Resources", "Field pruning" and "Defaulting".</remarks>
internal static class Pruning
{
    /// <summary>Removes the fields that the schema does not declare, below an object's top level.</summary>
    public static void Prune(JsonNode? node, StructuralSchema schema)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var name in map.Select(entry => entry.Key).ToList())
                {
                    if (schema.Field(name) is { } field)
                        Prune(map[name], field);
                    else
                        map.Remove(name);
                }
                break;
            case JsonArray list:
                foreach (var item in list)
                    Prune(item, schema.Item);
                break;
            default:
                break;
        }
    }

    /// <summary>Gives fields that are absent their defaults, and removes nulls that may not be there.</summary>
    public static void SetDefaults(JsonNode? node, StructuralSchema schema)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, property) in schema.Properties)
                {
                    if (property.Default is { } value && (!map.TryGetPropertyValue(name, out var current) || (current is null && !property.IsNullable)))
                        map[name] = value.DeepClone();
                }
                foreach (var name in map.Select(entry => entry.Key).ToList())
                {
                    if (schema.Field(name) is not { } field)
                        continue;
                    if (map[name] is null && !field.IsNullable)
                        map.Remove(name);
                    else
                        SetDefaults(map[name], field);
                }
                break;
            case JsonArray list:
                foreach (var item in list)
                    SetDefaults(item, schema.Item);
                break;
            default:
                break;
        }
    }
}
