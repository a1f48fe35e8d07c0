using System.Text;
using System.Text.Json.Nodes;

namespace KmsSimulator.Protocol;

/// <summary>Limit, Marker, NextMarker and Truncated. A marker holds the name of the last item that was returned.</summary>
internal sealed class Paging
{
    private readonly string _prefix;
    private readonly int _limit;
    private readonly string? _after;

    private Paging(string prefix, int limit, string? after) => (_prefix, _limit, _after) = (prefix, limit, after);

    public static Paging Read(KmsCall call, int defaultLimit, int maxLimit)
    {
        var prefix = $"{call.Operation.Name}/";
        var limit = call.Input.Integer("Limit", 1, maxLimit) ?? defaultLimit;
        var marker = call.Input.String("Marker", 1, 1024);
        call.Input.Validate();
        return new Paging(prefix, limit, marker is null ? null : Decode(marker, prefix));
    }

    /// <summary>A page of a sorted set; the effort is the page's, not the set's.</summary>
    /// <param name="list">Name of the list in the answer.</param>
    /// <param name="names">All names, sorted ordinally.</param>
    /// <param name="find">The item of a name; null when the caller cannot see it.</param>
    /// <param name="show">The item in the answer.</param>
    public JsonObject Page<T>(string list, SortedSet<string> names, Func<string, T?> find, Func<T, JsonNode> show)
        where T : class
    {
        IEnumerable<string> rest = _after is null ? names
            : names.Max is { } last && string.CompareOrdinal(_after, last) < 0
                ? names.GetViewBetween(_after, last).Where(name => name != _after)
                : [];
        var page = new JsonArray();
        string? marker = null;
        foreach (var name in rest)
        {
            if (find(name) is not { } item)
                continue;
            if (page.Count == _limit)
                return Answer(list, page, marker);
            page.Add(show(item));
            marker = name;
        }

        return Answer(list, page, null);
    }

    private JsonObject Answer(string list, JsonArray page, string? last)
    {
        var answer = new JsonObject { [list] = page, ["Truncated"] = last is not null };
        if (last is not null)
            answer["NextMarker"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(_prefix + last));
        return answer;
    }

    private static string Decode(string marker, string prefix)
    {
        var bytes = new byte[marker.Length];
        if (Convert.TryFromBase64String(marker, bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length) is var text && text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return text[prefix.Length..];
        }

        throw new ServiceException("InvalidMarkerException", "The marker is not the NextMarker of a response of this operation.");
    }
}
