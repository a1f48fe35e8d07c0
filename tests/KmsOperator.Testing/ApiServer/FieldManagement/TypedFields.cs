using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>The fields that a value has, and removing some of them.</summary>
/// <remarks>Source: structured-merge-diff, typed/tofieldset.go and typed/remove.go.</remarks>
internal static class TypedFields
{
    /// <summary>The fields that a value sets.</summary>
    public static FieldSet Of(JsonNode? node, StructuralSchema schema)
    {
        var set = new FieldSet();
        Collect([], node, schema, set);
        return set;
    }

    /// <summary>A copy of the value without some fields.</summary>
    /// <returns>Null when nothing is left.</returns>
    public static JsonNode? Without(JsonNode? node, FieldSet removed, StructuralSchema schema)
    {
        if (schema.Merge == MergeRelationship.Atomic)
            return node?.DeepClone();
        switch (node)
        {
            case JsonObject map:
                var entries = new JsonObject();
                foreach (var (name, value) in map)
                {
                    var step = FieldPath.OfField(name);
                    if (!removed.Has(step))
                        entries[name] = removed.Below(step) is { } below ? Without(value, below, schema.Field(name) ?? StructuralSchema.Unknown) : value?.DeepClone();
                }
                return entries.Count > 0 ? entries : null;
            case JsonArray list when IsGranular(list, schema):
                var items = new JsonArray();
                foreach (var item in list)
                {
                    var step = FieldPath.OfItem(item, schema)!;
                    if (!removed.Has(step))
                        items.Add(removed.Below(step) is { } below ? Without(item, below, schema.Item) : item?.DeepClone());
                }
                return items.Count > 0 ? items : null;
            default:
                return node?.DeepClone();
        }
    }

    /// <summary>Whether a list's items are owned one by one. A list of another type than its schema's is one value.</summary>
    public static bool IsGranular(JsonArray list, StructuralSchema schema) =>
        schema.Merge == MergeRelationship.Granular && schema.Type == "array" && list.All(item => FieldPath.OfItem(item, schema) is not null);

    private static void Collect(List<string> path, JsonNode? node, StructuralSchema schema, FieldSet set)
    {
        switch (node)
        {
            case JsonObject map when schema.Merge == MergeRelationship.Granular:
                foreach (var (name, value) in map)
                {
                    path.Add(FieldPath.OfField(name));
                    Collect(path, value, schema.Field(name) ?? StructuralSchema.Unknown, set);
                    if (value is null or JsonObject { Count: 0 } || !schema.Properties.ContainsKey(name))
                        set.Add(path);
                    path.RemoveAt(path.Count - 1);
                }
                break;
            case JsonArray list when IsGranular(list, schema):
                foreach (var item in list)
                {
                    path.Add(FieldPath.OfItem(item, schema)!);
                    Collect(path, item, schema.Item, set);
                    set.Add(path);
                    path.RemoveAt(path.Count - 1);
                }
                break;
            default:
                set.Add(path);
                break;
        }
    }
}
