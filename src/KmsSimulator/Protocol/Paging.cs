using System.Text.Json.Nodes;

namespace KmsSimulator.Protocol;

/// <summary>Limit, Marker and Truncated.</summary>
internal static class Paging
{
    /// <summary>One page of a list, with the markers set.</summary>
    /// <param name="call">The call, whose Limit and Marker count.</param>
    /// <param name="name">Name of the list in the answer.</param>
    /// <param name="items">All items, in a stable order.</param>
    /// <param name="id">What the marker names: the last item that was returned.</param>
    /// <param name="make">Makes the answer's item.</param>
    /// <param name="defaultLimit">Items without a Limit.</param>
    /// <param name="maxLimit">Largest Limit.</param>
    public static JsonObject Page<T>(
        this KmsCall call, string name, IEnumerable<T> items, Func<T, string> id, Func<T, JsonNode> make, int defaultLimit, int maxLimit)
    {
        var limit = call.Integer("Limit", 1, maxLimit) ?? defaultLimit;
        var all = items.ToList();
        var start = 0;
        if (call.String("Marker", 1, 1024) is { } marker)
        {
            start = all.FindIndex(item => Encode(id(item)) == marker) + 1;
            if (start == 0)
            {
                throw new KmsException("InvalidMarkerException", "Could not deserialize marker");
            }
        }

        var page = all.Skip(start).Take(limit).ToList();
        var truncated = start + page.Count < all.Count;
        var answer = new JsonObject { [name] = new JsonArray([.. page.Select(make)]), ["Truncated"] = truncated };
        if (truncated)
        {
            answer["NextMarker"] = Encode(id(page[^1]));
        }

        return answer;
    }

    private static string Encode(string id) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(id));
}
