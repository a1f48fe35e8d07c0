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

    [GeneratedRegex("`([A-Z][A-Za-z]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex TestName { get; }
}
