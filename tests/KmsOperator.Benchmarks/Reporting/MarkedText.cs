namespace KmsOperator.Benchmarks.Reporting;

/// <summary>The part of a page between two comments, which a program writes.</summary>
internal static class MarkedText
{
    /// <summary>Replaces it.</summary>
    /// <param name="page">The page, with <c>&lt;!-- name --&gt;</c> and <c>&lt;!-- /name --&gt;</c>, each on a line of its own.</param>
    /// <param name="name">The name.</param>
    /// <param name="text">What stands between them afterwards.</param>
    /// <exception cref="FormatException">The page has no such comments.</exception>
    public static string Replace(string page, string name, string text)
    {
        var (begin, end) = ($"<!-- {name} -->\n", $"<!-- /{name} -->");
        var from = page.IndexOf(begin, StringComparison.Ordinal);
        var to = from < 0 ? -1 : page.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0
            ? throw new FormatException($"The page has no {begin.TrimEnd()} with {end} after it.")
            : string.Concat(page.AsSpan(0, from + begin.Length), text, "\n", page.AsSpan(to));
    }
}
