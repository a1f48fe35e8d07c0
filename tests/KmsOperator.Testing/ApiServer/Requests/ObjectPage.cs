using System.Globalization;

namespace KmsOperator.Testing.ApiServer;

/// <summary>One page of a list.</summary>
/// <param name="Items">Its objects.</param>
/// <param name="Revision">The revision of the whole list.</param>
/// <param name="Continue">The token of the next page; empty on the last one.</param>
internal sealed record ObjectPage(IReadOnlyList<StoredObject> Items, long Revision, string Continue)
{
    /// <param name="all">All objects of the list.</param>
    /// <param name="revision">When they were so.</param>
    /// <param name="after">The place of the last object of the page before; null for the first page.</param>
    /// <param name="limit">How many objects a page has; 0 for all.</param>
    public static ObjectPage Of(IEnumerable<StoredObject> all, long revision, string? after, int limit)
    {
        var rest = after is null ? all : all.SkipWhile(found => string.CompareOrdinal(StoreContent.Place(found.Key), after) <= 0);
        if (limit <= 0)
            return new([.. rest], revision, "");
        var items = rest.Take(limit + 1).ToList();
        if (items.Count <= limit)
            return new(items, revision, "");
        items.RemoveAt(limit);
        return new(items, revision, string.Create(CultureInfo.InvariantCulture, $"{revision} {StoreContent.Place(items[^1].Key)}"));
    }

    /// <summary>Reads a token of <see cref="Continue"/>.</summary>
    public static (long Revision, string After) ReadToken(string token) =>
        token.Split(' ') is [var revision, var after] && long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (number, after)
            : throw ApiErrors.BadRequest("continue key is not valid");
}
