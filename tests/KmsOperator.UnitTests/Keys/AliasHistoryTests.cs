using KmsOperator.Api;
using KmsOperator.Keys.Status;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>An alias that no record has would stay in KMS for ever.</summary>
public sealed class AliasHistoryTests
{
    // former aliases, pending alias, next pending alias, former aliases after that
    public static TheoryData<string[], string?, string?, string[], string> Pending => new()
    {
        { [], null, "alias/a", [], "there was none before" },
        { [], "alias/a", "alias/a", [], "it is tried again" },
        { [], "alias/a", "alias/b", ["alias/a"], "the first one may exist" },
        { ["alias/o"], "alias/a", "alias/b", ["alias/o", "alias/a"], "the older one may exist as well" },
        { ["alias/a"], "alias/a", "alias/b", ["alias/a"], "each once" },
        { ["alias/o"], "alias/a", null, ["alias/o", "alias/a"], "no other follows" },
    };

    [Theory]
    [MemberData(nameof(Pending))]
    public void An_alias_that_the_key_was_about_to_get_stays_on_record(string[] former, string? before, string? next, string[] after, string why)
    {
        var status = AliasHistory.WithPending(new KeyStatus { FormerAliasNames = former, PendingAliasName = before }, next);

        Assert.Equal(next, status.PendingAliasName);
        Assert.True(after.SequenceEqual(status.FormerAliasNames ?? []), why);
    }

    [Fact]
    public void Additional_aliases_that_the_key_is_about_to_get_count_as_former_ones_and_none_is_lost_for_them()
    {
        var status = new KeyStatus { AliasName = "alias/own", AdditionalAliases = ["alias/b"], FormerAliasNames = ["alias/o"] };

        Assert.Equal(["alias/o", "alias/c"], AliasHistory.WithPendingAdditional(status, ["alias/own", "alias/b", "alias/c", "alias/o"]).FormerAliasNames);
        Assert.Same(status, AliasHistory.WithPendingAdditional(status, ["alias/b"]));
    }

    [Theory]
    [InlineData(true, new string[0], "it was looked for in a new list")]
    [InlineData(false, new[] { "alias/o" }, "nobody has looked for it")]
    public void A_former_alias_is_forgotten_once_it_was_looked_for(bool isVerified, string[] left, string why) => Assert.True(
        left.SequenceEqual(AliasHistory.FormerAfter(new KeyStatus { AliasName = "alias/own", FormerAliasNames = ["alias/o"] }, ["alias/own"], isVerified) ?? []), why);
}
