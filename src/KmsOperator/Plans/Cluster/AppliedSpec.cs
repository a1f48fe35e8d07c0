using System.Text.Json.Nodes;

namespace KmsOperator.Plans.Cluster;

/// <summary>What the spec of an object becomes when a manifest is applied to it.</summary>
/// <remarks>Source: Kubernetes documentation, "Server-Side Apply", merge strategy. The items of lists of type <c>set</c> and <c>map</c>, and the members of most objects, are owned one by one.</remarks>
internal sealed class AppliedSpec
{
    private const string Field = "f:";

    private readonly bool _removesWhole;

    private AppliedSpec(bool removesWhole) => _removesWhole = removesWhole;

    /// <summary>A copy of the manifest's spec, with the fields of the live one that stay.</summary>
    /// <param name="live">The spec that the cluster has.</param>
    /// <param name="manifest">The spec of the manifest.</param>
    /// <param name="ownership">Who owns what of the live spec.</param>
    public static JsonObject Merge(JsonObject live, JsonObject manifest, FieldOwnership ownership) =>
        new AppliedSpec(ownership.IsByAnnotation).Members(live, manifest, ownership.Applied, ownership.Others);

    private JsonObject Members(JsonObject live, JsonObject manifest, JsonObject? applied, JsonObject? others)
    {
        var merged = manifest.DeepClone().AsObject();
        foreach (var (name, value) in live)
        {
            var (mine, theirs) = (Below(applied, Field + name), Below(others, Field + name));
            if (!manifest.TryGetPropertyValue(name, out var wanted))
            {
                if (Remaining(value, mine, theirs) is { } remaining)
                {
                    merged[name] = remaining;
                }
            }
            else if (value is JsonObject old && wanted is JsonObject now && (HasSteps(mine, Field) || HasSteps(theirs, Field) || (mine is null && theirs is null)))
            {
                merged[name] = Members(old, now, mine, theirs);
            }
            else if (value is JsonArray oldItems && wanted is JsonArray items)
            {
                merged[name] = Items(oldItems, items, mine, theirs);
            }
        }

        return merged;
    }

    /// <summary>What stays of a value that the manifest does not have; null for nothing.</summary>
    private JsonNode? Remaining(JsonNode? value, JsonObject? mine, JsonObject? theirs)
    {
        if (mine is null)
        {
            return value?.DeepClone();
        }

        return value switch
        {
            _ when _removesWhole => null,
            JsonObject map when HasSteps(mine, Field) => Members(map, [], mine, theirs) is { Count: > 0 } left ? left : null,
            JsonArray list when IsOwnedByItem(mine) => Items(list, [], mine, theirs) is { Count: > 0 } left ? left : null,
            _ => theirs is null ? null : value?.DeepClone(),
        };
    }

    private JsonArray Items(JsonArray live, JsonArray manifest, JsonObject? mine, JsonObject? theirs)
    {
        var merged = new JsonArray();
        var old = live.Select(item => (Item: item, Mine: StepOf(mine, item), Theirs: StepOf(theirs, item))).ToArray();
        foreach (var item in manifest)
        {
            var same = old.FirstOrDefault(one => (one.Mine ?? one.Theirs) is { } step && IsAt(step, item));
            merged.Add(item is JsonObject now && same.Item is JsonObject before ? Members(before, now, Below(mine, same.Mine), Below(theirs, same.Theirs)) : item?.DeepClone());
        }

        if (IsOwnedByItem(mine) || IsOwnedByItem(theirs))
        {
            foreach (var one in old.Where(one => (one.Theirs is not null || one.Mine is null) && !manifest.Any(item => JsonNode.DeepEquals(item, one.Item) || ((one.Mine ?? one.Theirs) is { } step && IsAt(step, item)))))
            {
                merged.Add(one.Item?.DeepClone());
            }
        }

        return merged;
    }

    private static string? StepOf(JsonObject? fields, JsonNode? item) => fields?.Select(member => member.Key).FirstOrDefault(step => IsAt(step, item));

    /// <summary>Whether a step, <c>v:</c> and a value or <c>k:</c> and the keys, leads to an item.</summary>
    private static bool IsAt(string step, JsonNode? item) =>
        step.StartsWith("v:", StringComparison.Ordinal) ? JsonNode.DeepEquals(JsonNode.Parse(step[2..]), item)
        : step.StartsWith("k:", StringComparison.Ordinal) && item is JsonObject map && JsonNode.Parse(step[2..]) is JsonObject keys
            && keys.All(key => JsonNode.DeepEquals(map[key.Key], key.Value));

    private static bool IsOwnedByItem(JsonObject? fields) => HasSteps(fields, "v:") || HasSteps(fields, "k:");

    private static bool HasSteps(JsonObject? fields, string kind) => fields?.Any(member => member.Key.StartsWith(kind, StringComparison.Ordinal)) == true;

    private static JsonObject? Below(JsonObject? fields, string? step) => step is null ? null : fields?[step] as JsonObject;
}
