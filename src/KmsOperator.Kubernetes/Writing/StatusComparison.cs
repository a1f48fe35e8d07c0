using System.Text.Json.Nodes;

namespace KmsOperator.Kubernetes;

/// <summary>Compares two statuses.</summary>
/// <remarks>
/// The server keeps lists of objects with a key (conditions by type) in the order of the first apply (measured on Kubernetes 1.20).
/// A comparison that depended on the order would write the status again each time.
/// </remarks>
internal static class StatusComparison
{
    public static bool AreEqual(JsonNode? left, JsonNode? right) => (left, right) switch
    {
        (JsonObject a, JsonObject b) => a.Count == b.Count
            && a.All(property => b.TryGetPropertyValue(property.Key, out var other) && AreEqual(property.Value, other)),
        (JsonArray a, JsonArray b) => a.Count == b.Count
            && (a.All(item => item is JsonObject) ? AreEqualInAnyOrder(a, b) : a.Zip(b).All(pair => AreEqual(pair.First, pair.Second))),
        _ => JsonNode.DeepEquals(left, right),
    };

    private static bool AreEqualInAnyOrder(JsonArray left, JsonArray right)
    {
        var unmatched = right.ToList();
        foreach (var item in left)
        {
            var match = unmatched.FindIndex(other => AreEqual(item, other));
            if (match < 0)
                return false;
            unmatched.RemoveAt(match);
        }
        return true;
    }
}
