using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>The fields in which two values differ.</summary>
/// <remarks>Source: structured-merge-diff, typed/compare.go.</remarks>
internal sealed class FieldComparison
{
    private FieldComparison()
    {
    }

    public FieldSet Added { get; } = new();

    public FieldSet Modified { get; } = new();

    public FieldSet Removed { get; } = new();

    public static FieldComparison Between(JsonNode? before, JsonNode? after, StructuralSchema schema)
    {
        var comparison = new FieldComparison();
        comparison.Compare([], before, after, schema);
        return comparison;
    }

    private void Compare(List<string> path, JsonNode? before, JsonNode? after, StructuralSchema schema)
    {
        var maps = schema.Merge == MergeRelationship.Granular && (before is null or JsonObject) && (after is null or JsonObject);
        var lists = IsListOrAbsent(before, schema) && IsListOrAbsent(after, schema);
        if (before is null && after is null)
            return;
        if (!maps && !lists)
        {
            Leaf(path, before, after);
            return;
        }

        if (maps)
            Maps(path, before as JsonObject ?? [], after as JsonObject ?? [], schema);
        else
            Lists(path, before as JsonArray ?? [], after as JsonArray ?? [], schema);
        if (before is null)
            Added.Add(path);
        else if (after is null)
            Removed.Add(path);
    }

    private void Maps(List<string> path, JsonObject before, JsonObject after, StructuralSchema schema)
    {
        foreach (var name in before.Select(entry => entry.Key).Union(after.Select(entry => entry.Key)))
            Below(path, FieldPath.OfField(name), before[name], after[name], schema.Field(name) ?? StructuralSchema.Unknown);
    }

    private void Lists(List<string> path, JsonArray before, JsonArray after, StructuralSchema schema)
    {
        var old = Items(before, schema);
        var now = Items(after, schema);
        foreach (var step in old.Keys.Union(now.Keys))
            Below(path, step, old.GetValueOrDefault(step), now.GetValueOrDefault(step), schema.Item);
    }

    private void Below(List<string> path, string step, JsonNode? before, JsonNode? after, StructuralSchema schema)
    {
        path.Add(step);
        Compare(path, before, after, schema);
        path.RemoveAt(path.Count - 1);
    }

    private void Leaf(List<string> path, JsonNode? before, JsonNode? after)
    {
        if (before is null)
            Added.Add(path);
        else if (after is null)
            Removed.Add(path);
        else if (!JsonNode.DeepEquals(before, after))
            Modified.Add(path);
    }

    private static bool IsListOrAbsent(JsonNode? node, StructuralSchema schema) =>
        schema.Type == "array" && (node is null || (node is JsonArray list && TypedFields.IsGranular(list, schema)));

    private static OrderedDictionary<string, JsonNode?> Items(JsonArray list, StructuralSchema schema)
    {
        var items = new OrderedDictionary<string, JsonNode?>();
        foreach (var item in list)
            items[FieldPath.OfItem(item, schema)!] = item;
        return items;
    }
}
