using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Merges what is applied into an object, by the schema.</summary>
/// <remarks>Source: structured-merge-diff, typed/merge.go.</remarks>
internal static class FieldMerge
{
    /// <summary>A copy of <paramref name="live"/> in which <paramref name="applied"/> wins.</summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, StructuralSchema schema)
    {
        if (applied is null || live is null || schema.Merge == MergeRelationship.Atomic)
            return (applied ?? live)?.DeepClone();
        return (live, applied) switch
        {
            (JsonObject old, JsonObject now) => Maps(old, now, schema),
            (JsonArray old, JsonArray now) when TypedFields.IsGranular(old, schema) && TypedFields.IsGranular(now, schema) => Lists(old, now, schema),
            _ => applied.DeepClone(),
        };
    }

    private static JsonObject Maps(JsonObject live, JsonObject applied, StructuralSchema schema)
    {
        var merged = new JsonObject();
        foreach (var name in live.Select(entry => entry.Key).Union(applied.Select(entry => entry.Key)))
        {
            merged[name] = applied.ContainsKey(name)
                ? applied[name] is null ? null : Merge(live[name], applied[name], schema.Field(name) ?? StructuralSchema.Unknown)
                : live[name]?.DeepClone();
        }
        return merged;
    }

    /// <summary>Items that both have come in the order of what is applied, the others stay where they are.</summary>
    private static JsonArray Lists(JsonArray live, JsonArray applied, StructuralSchema schema)
    {
        var old = live.Select(item => (Step: FieldPath.OfItem(item, schema)!, Item: item)).DistinctBy(entry => entry.Step).ToList();
        var now = applied.Select(item => (Step: FieldPath.OfItem(item, schema)!, Item: item)).DistinctBy(entry => entry.Step).ToList();
        var oldByStep = old.ToDictionary(entry => entry.Step, entry => entry.Item);
        var appliedSteps = now.Select(entry => entry.Step).ToHashSet();
        var shared = new Queue<string>(now.Select(entry => entry.Step).Where(oldByStep.ContainsKey));
        var taken = new HashSet<string>();
        var merged = new JsonArray();
        for (int left = 0, right = 0; left < old.Count || right < now.Count;)
        {
            var isInBoth = left < old.Count && appliedSteps.Contains(old[left].Step);
            if (left < old.Count && right < now.Count && old[left].Step == now[right].Step)
            {
                Take(now[right]);
                left++;
                right++;
            }
            else if (left < old.Count && !isInBoth)
            {
                merged.Add(old[left++].Item?.DeepClone());
            }
            else if (isInBoth && (taken.Contains(old[left].Step) || (right < now.Count && shared.TryPeek(out var next) && next != old[left].Step)))
            {
                left++;
            }
            else if (right < now.Count)
            {
                Take(now[right++]);
            }
            else
            {
                left++;
            }
        }
        return merged;

        void Take((string Step, JsonNode? Item) entry)
        {
            taken.Add(entry.Step);
            if (shared.TryPeek(out var next) && next == entry.Step)
                shared.Dequeue();
            merged.Add(Merge(oldByStep.GetValueOrDefault(entry.Step), entry.Item, schema.Item));
        }
    }
}
