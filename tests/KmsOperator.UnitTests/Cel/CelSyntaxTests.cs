using KmsOperator.Planning.Cel;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>What is no expression, and where the mistake is.</summary>
public sealed class CelSyntaxTests
{
    // A text that is no expression, where, a part of the message, why.
    public static TheoryData<string, int, string, string> Mistakes => new()
    {
        { "", 0, "the end stands where a value is expected", "nothing" },
        { "1 +", 3, "the end stands where a value is expected", "nothing behind an operator" },
        { "(1", 2, "')' is expected", "a bracket is open" },
        { "1 2", 2, "'2' stands where an operator or the end is expected", "no operator" },
        { "self.", 5, "the name of a field", "no name" },
        { "self.true", 5, "the name of a field", "a literal is no name" },
        { "a ? b", 0, "there is no variable a", "an unknown variable" },
        { "slef.name", 0, "did you mean \"self\"", "a typing error" },
        { "true ? 1", 8, "':' is expected", "half a conditional" },
        { "namespace == 'a'", 0, "'namespace' is a reserved word", "a reserved word is no variable" },
        { "self = 1", 5, "write == to compare", "no assignment" },
        { "true & false", 5, "write && for and", "no bits" },
        { "true | false", 5, "write || for or", "no bits" },
        { "'abc", 0, "the string has no end", "a string is open" },
        { "'a\nb'", 0, "the string has no end", "a line break needs three quotes" },
        { "'\\q'", 1, "there is no escape \\q", "an unknown escape" },
        { "'\\ud800'", 1, "hexadecimal digits that are a character", "half a character" },
        { "b'abc'", 0, "bytes are not supported", "left out" },
        { "9223372036854775808", 0, "is no int of 64 bits", "too large" },
        { "-1u", 1, "is no uint", "no sign" },
        { "self.name.startWith('a')", 10, "there is no method startWith, did you mean \"startsWith\"", "a typing error" },
        { "sise(self)", 0, "there is no function sise, did you mean \"size\"", "a typing error" },
        { "startsWith('a', 'b')", 0, "it is called as x.startsWith()", "a method, not a function" },
        { "self.int()", 5, "it is called as int(x)", "a function, not a method" },
        { "quantity('1Gi')", 0, "there is no function quantity", "left out" },
        { "self.name.startsWith()", 10, "startsWith() does not take no arguments", "too few" },
        { "size(1, 2)", 0, "size() does not take 2 arguments", "too many" },
        { "size(1,)", 7, "an argument", "a comma at the end is for lists and maps" },
        { "has(self)", 0, "has() takes a field", "no field" },
        { "self.list.all(x)", 10, "all() takes the name of a variable and an expression", "no condition" },
        { "self.list.all('x', true)", 10, "all() takes the name of a variable", "no name" },
        { "self.list.all(x, y == 1)", 17, "there is no variable y", "an unknown variable" },
        { "self.list.all(x, true) && x", 26, "there is no variable x", "a variable of a macro ends with it" },
        { "self.name.matches('(')", 18, "is no regular expression", "a pattern that is written down is looked at at once" },
        { "self.name.matches('(?=a)')", 18, "is no regular expression", "RE2 does not look ahead" },
        { "self.name.matches(r'(a)\\1')", 18, "is not supported", "nor does it refer back" },
        { "self.name.matches('((a{100}){100}){100}')", 18, "repeats too much", "a pattern that fills the memory" },
        { "self.list[0", 11, "']' is expected", "a bracket is open" },
        { "{'a' 1}", 5, "':' is expected", "no colon" },
        { "1.2.3", 3, "an operator or the end", "no number" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void A_text_is_no_expression_and_the_error_says_where_and_why(string text, int position, string message, string because)
    {
        var error = Assert.Throws<CelSyntaxException>(() => CelProgram.Parse(text, "self"));
        Assert.True(error.Position == position && error.Message.Contains(message, StringComparison.Ordinal), $"{because}: {error.Position}: {error.Message}");
    }

    [Theory]
    [InlineData("self == oldSelf", true, "it stands there")]
    [InlineData("self.oldSelf == 1", false, "a field of that name")]
    [InlineData("self == 'oldSelf'", false, "a string")]
    public void Whether_a_variable_is_mentioned_is_a_matter_of_tokens(string text, bool expected, string because) =>
        Assert.True(CelProgram.Mentions(text, "oldSelf") == expected, because);
}
