using System.Text.RegularExpressions;

namespace KmsOperator.UnitTests.Schema;

/// <summary>What the tests read of a page of documentation: its headings, links, code spans and fenced blocks.</summary>
internal sealed partial class MarkdownPage
{
    private MarkdownPage(string file, string text)
    {
        File = file;
        Blocks = [.. Fence().Matches(text).Select(fence => (fence.Groups[1].Value, Unindented(fence.Groups[2].Value)))];
        var prose = Fence().Replace(text, "");
        Spans = [.. Span().Matches(prose).Select(span => span.Groups[1].Value)];
        Links = [.. Link().Matches(Span().Replace(prose, "")).Select(link => link.Groups[1].Value)];
        Anchors = Slugs(Heading().Matches(prose).Select(heading => heading.Groups[1].Value));
    }

    /// <summary>Path below the root of the repository.</summary>
    public string File { get; }

    /// <summary>Fenced blocks, with the language that they name.</summary>
    public IReadOnlyList<(string Language, string Text)> Blocks { get; }

    /// <summary>What stands between backticks.</summary>
    public IReadOnlyList<string> Spans { get; }

    /// <summary>Targets of links, as they are written.</summary>
    public IReadOnlyList<string> Links { get; }

    /// <summary>Anchors of the headings, as a forge makes them.</summary>
    public IReadOnlySet<string> Anchors { get; }

    /// <summary>Every page of the repository.</summary>
    public static IReadOnlyList<MarkdownPage> All { get; } =
    [
        .. Directory.EnumerateFiles(RepositoryFiles.Root, "*.md")
            .Concat(new[] { "docs", "examples", "charts", "config", ".github" }.SelectMany(folder => Directory.EnumerateFiles(RepositoryFiles.Path(folder), "*.md", SearchOption.AllDirectories)))
            .Order(StringComparer.Ordinal).Select(file => Path.GetRelativePath(RepositoryFiles.Root, file)).Select(Of),
    ];

    /// <summary>One page.</summary>
    public static MarkdownPage Of(string file) => new(file, System.IO.File.ReadAllText(RepositoryFiles.Path(file)).ReplaceLineEndings("\n"));

    private static HashSet<string> Slugs(IEnumerable<string> headings)
    {
        HashSet<string> slugs = [];
        foreach (var heading in headings)
        {
            var slug = NotInSlug().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');
            for (var n = 0; !slugs.Add(n == 0 ? slug : $"{slug}-{n}"); n++)
            {
            }
        }

        return slugs;
    }

    // A block in a list is indented as the list is.
    private static string Unindented(string block)
    {
        var lines = block.Split('\n');
        var indent = lines.Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return string.Join('\n', lines.Select(line => line.Length >= indent ? line[indent..] : line.TrimStart()));
    }

    [GeneratedRegex(@"^ *```([a-z]*)[^\n]*\n(.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInSlug();
}
