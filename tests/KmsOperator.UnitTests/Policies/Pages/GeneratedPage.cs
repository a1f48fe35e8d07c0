using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Pages;

/// <summary>A part of a page that is written from the catalogue. With <c>UPDATE_POLICY_PAGES=1</c> (<c>make policy-pages</c>) it is written before it is compared.</summary>
internal static class GeneratedPage
{
    /// <summary>Holds the part between two comments of a page against what it must be.</summary>
    public static void AssertPart(string page, string name, string wanted)
    {
        var file = RepositoryFiles.Path("docs", page);
        var text = File.ReadAllText(file);
        var (begin, end) = ($"<!-- {name}: written by make policy-pages -->\n", $"<!-- end of {name} -->\n");
        var from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var to = text.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= begin.Length && to >= from, $"docs/{page} has no part {name}");
        if (Environment.GetEnvironmentVariable("UPDATE_POLICY_PAGES") == "1")
        {
            File.WriteAllText(file, text[..from] + wanted + text[to..]);
        }

        Assert.True(text[from..to] == wanted || File.ReadAllText(file).Contains(begin + wanted + end, StringComparison.Ordinal), $"docs/{page} is not what the catalogue says: run make policy-pages");
    }
}
