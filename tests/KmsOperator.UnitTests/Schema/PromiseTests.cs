using System.Text.RegularExpressions;
using Xunit;

namespace KmsOperator.UnitTests.Schema;

public sealed partial class PromiseTests
{
    public static TheoryData<string> Pages =>
        ["security.md", .. Directory.EnumerateFiles(RepositoryFiles.Path("docs", "promises"), "*.md").Select(file => $"promises/{Path.GetFileName(file)}").Where(name => name != "promises/README.md").Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void Every_promise_names_tests_that_exist(string page)
    {
        var text = File.ReadAllText(RepositoryFiles.Path("docs", page));
        var tests = string.Join('\n', Directory.EnumerateFiles(RepositoryFiles.Path("tests"), "*Tests*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var named = TestName.Matches(text).Select(match => match.Groups[1].Value).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains($" {name}(", tests, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_row_of_the_threat_model_names_the_test_that_tries_it()
    {
        var rows = File.ReadAllLines(RepositoryFiles.Path("docs", "security.md")).SkipWhile(line => !line.Contains("| held by |", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Count(c => c == '|') == 4 && !line.EndsWith("| held by |", StringComparison.Ordinal)).ToArray();
        Assert.True(rows.Length > 15);
        Assert.All(rows, row => Assert.Matches(TestName, row.Split('|')[3]));
    }

    [GeneratedRegex("`([A-Z][A-Za-z]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex TestName { get; }
}
