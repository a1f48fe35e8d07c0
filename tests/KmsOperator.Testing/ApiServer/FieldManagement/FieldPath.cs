using System.Text;
using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>One step of a path to a field, as <c>managedFields</c> writes it: <c>f:name</c>, <c>k:{"type":"Ready"}</c> or <c>v:"value"</c>.</summary>
/// <remarks>Source: structured-merge-diff, fieldpath/serialize-pe.go.</remarks>
internal static class FieldPath
{
    public static string OfField(string name) => "f:" + name;

    /// <summary>The step to an item of a granular list.</summary>
    /// <returns>Null when the item lacks its keys.</returns>
    public static string? OfItem(JsonNode? item, StructuralSchema list)
    {
        if (list.MapKeys.Count == 0)
            return "v:" + (item?.ToJsonString() ?? "null");
        if (item is not JsonObject map)
            return null;
        var key = new StringBuilder("k:{");
        foreach (var name in list.MapKeys)
        {
            var value = map[name] ?? list.Item.Field(name)?.Default;
            if (value is null)
                return null;
            if (key.Length > "k:{".Length)
                key.Append(',');
            // Names of fields in a schema need no escapes.
            key.Append('"').Append(name).Append("\":").Append(value.ToJsonString());
        }
        return key.Append('}').ToString();
    }
}
