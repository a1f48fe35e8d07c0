using KmsOperator.Planning.Cel;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>Nobody can write an expression that runs for long, or fills the memory or the stack.</summary>
public sealed class CelLimitTests
{
    // An expression that is short and needs much, why.
    public static TheoryData<string, string> Costly => new()
    {
        { string.Concat(Enumerable.Range(0, 7).Select(i => $"self.all(a{i}, ")) + "true" + new string(')', 7), "items to the seventh" },
        { Repeated("self.map(x, 'aaaaaaaaaaaaaaaaaaaa').join()", "a + a", 20), "a string that doubles" },
        { Repeated("self", "a + a", 30), "a list that doubles" },
        { $"{Repeated("self", "[a, a]", 30)} == {Repeated("self", "[a, a]", 30)}", "a list in a list that takes little memory and is long to compare" },
        { $"self.all(x, self.all(y, self.map(z, 'aaaaaaaaaa').join().matches('{new string('a', 900)}') || true))", "long patterns" },
    };

    [Theory, MemberData(nameof(Costly))]
    public void What_takes_too_many_steps_is_an_error_and_nothing_hides_it(string expression, string because)
    {
        var self = new CelList([.. Enumerable.Range(0, 40).Select(i => new CelInt(i))]);

        var value = CelProgram.Parse($"({expression}) == self || true", "self").Evaluate(new Dictionary<string, CelValue> { ["self"] = self });

        Assert.True(value is CelError { Message: "it takes more than 1000000 steps" }, $"{because}: {value}");
    }

    [Theory]
    [InlineData(100_000, "(", "", ")", "brackets")]
    [InlineData(100_000, "!", "true", "", "signs")]
    [InlineData(100_000, "[", "", "]", "lists")]
    [InlineData(100_000, "", "1", " + 1", "a long sum")]
    [InlineData(100_000, "", "self", ".a", "many fields")]
    [InlineData(100_000, "true ? 1 : ", "1", "", "conditionals")]
    public void What_is_nested_without_end_is_refused_before_the_stack_is_full(int times, string before, string middle, string after, string because)
    {
        var text = string.Concat(Enumerable.Repeat(before, times)) + middle + string.Concat(Enumerable.Repeat(after, times));

        var error = Assert.Throws<CelSyntaxException>(() => CelProgram.Parse(text, "self"));
        Assert.True(error.Message.Contains("nested more than 100 levels deep", StringComparison.Ordinal), $"{because}: {error.Message}");
    }

    [Fact]
    public void Many_conditions_beside_each_other_are_not_nested() =>
        Assert.Equal(CelBool.True, CelProgram.Parse(string.Join(" || ", Enumerable.Repeat("false", 5000).Append("true"))).Evaluate(new Dictionary<string, CelValue>()));

    /// <summary>A value from which another is made, and from that another, and so on.</summary>
    private static string Repeated(string first, string step, int times)
    {
        var inner = $"a{times}";
        for (var i = times; i > 0; i--)
        {
            inner = $"[{step.Replace("a", $"a{i - 1}", StringComparison.Ordinal)}].map(a{i}, {inner})";
        }

        return $"[{first}].map(a0, {inner})";
    }
}
