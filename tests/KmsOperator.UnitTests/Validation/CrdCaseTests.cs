using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Validation;

/// <summary>The samples of <c>tests/crd-cases</c> against the operator's own check; the integration tests hold them against a server.</summary>
public sealed class CrdCaseTests
{
    public static TheoryData<string> Accepted => CrdCase.Paths("accept");

    public static TheoryData<string> Rejected => CrdCase.Paths("reject");

    [Theory, MemberData(nameof(Accepted))]
    public void The_operator_accepts(string path)
    {
        var sample = CrdCase.Load(path);

        Assert.Null(sample.Expected);
        Assert.Empty(sample.Errors());
    }

    [Theory, MemberData(nameof(Rejected))]
    public void The_operator_rejects_and_says_why(string path)
    {
        var sample = CrdCase.Load(path);

        Assert.False(string.IsNullOrWhiteSpace(sample.Expected), "A reject begins with '# expect: part of the message'.");
        Assert.Contains(sample.Errors(), error => error.Contains(sample.Expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_CEL_rule_has_a_sample_that_breaks_it()
    {
        var expected = Rejected.Select(row => CrdCase.Load(row.Data)).ToLookup(sample => sample.Path.Split('/')[0], sample => sample.Expected!);
        var without =
            from kind in Crd.Kinds
            from found in Crd.Of(kind).Rules()
            let message = (string)found.Rule["message"]!
            where !expected[kind].Any(part => message.Contains(part, StringComparison.Ordinal))
            select $"{kind}{found.Path}: {message}";

        Assert.Empty(without);
    }
}
