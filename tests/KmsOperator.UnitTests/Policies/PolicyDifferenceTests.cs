using CsCheck;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

public sealed class PolicyDifferenceTests
{
    private const string Root = """{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}""";
    private const string Users = """{"Sid":"Users","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:Decrypt"],"Resource":"*"}""";
    private const string Nameless = """{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""";

    // the statements before and after, what is said, why
    public static TheoryData<string, string, string?, string> Cases => new()
    {
        { $"{Root},{Users}", $"{Users},{Root}", null, "the order of statements has no meaning" },
        { Root, """{"Sid":"Root","Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":["kms:*"],"Resource":["*"]}""", null, "the account's id is its root" },
        { $"{Root},{Users}", Root, "statement \"Users\" is removed: Allow, Action kms:Decrypt, Principal AWS arn:aws:iam::111122223333:role/app", "somebody loses access" },
        { Root, $"{Root},{Users}", "statement \"Users\" is added: Allow, Action kms:Decrypt, Principal AWS arn:aws:iam::111122223333:role/app", "somebody gets access" },
        {
            $"{Root},{Users}",
            $"{Root},{Users.Replace("kms:Decrypt", "kms:Encrypt", StringComparison.Ordinal)}",
            "statement \"Users\" changes: removes Action kms:Decrypt, adds Action kms:Encrypt",
            "one Sid is one statement"
        },
        {
            $"{Root},{Users}",
            $"{Root},{Users.Replace("\"Allow\"", "\"Deny\"", StringComparison.Ordinal)}",
            "statement \"Users\" changes: removes Effect Allow, adds Effect Deny",
            "the effect is an item as well"
        },
        { $"{Nameless},{Nameless}", Nameless, "statement without Sid is removed: Deny, Action kms:Encrypt, Condition", "one of two equal statements goes" },
        { Users, Root, "statement \"Users\" is removed", "what goes is said before what comes" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_difference_names_statements_and_items(string before, string after, string? expected, string why)
    {
        var said = PolicyDifference.Describe(Policy(before), Policy(after));

        Assert.True(expected is null ? said is null : said?.StartsWith(expected, StringComparison.Ordinal) == true, $"{why}: {said}");
    }

    [Fact]
    public void Nothing_is_said_of_what_is_not_JSON() => Assert.Null(PolicyDifference.Describe("", Policy(Root)));

    [Fact]
    public void A_long_difference_ends_with_a_word_that_there_is_more()
    {
        var many = string.Join(',', Enumerable.Range(0, 200).Select(i => Users.Replace("\"Users\"", $"\"Users{i}\"", StringComparison.Ordinal)));

        var said = PolicyDifference.Describe(Policy(Root), Policy(many));

        Assert.Equal(4096, said!.Length);
        Assert.EndsWith("(more statements differ)", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Something_is_said_of_statements_exactly_when_the_policies_differ_in_meaning()
    {
        string[] pool = [Root, Users, Nameless, Users.Replace("role/app", "role/other", StringComparison.Ordinal), Root.Replace("\"Root\"", "\"Other\"", StringComparison.Ordinal)];
        var statements = Gen.Int[0, pool.Length - 1].Array[1, 4].Select(indices => indices.Select(i => pool[i])).Select(chosen => Policy(string.Join(',', chosen)));

        Gen.Select(statements, statements).Sample((before, after) =>
            PolicyDifference.Describe(before, after) is null == PolicyComparer.AreEquivalent(before, after));
    }

    private static string Policy(string statements) => $$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""";
}
