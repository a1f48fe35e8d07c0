using KmsOperator.Api;
using KmsOperator.Keys.Status;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Status;

public sealed class AliasHistoryTests
{
    [Fact]
    public void A_rename_that_another_one_overtakes_stays_on_record()
    {
        // From a to b, whose DeleteAlias failed, then to c.
        var overtaken = new KeyStatus { AliasName = "alias/a", PendingAliasName = "alias/b", FormerAliasNames = ["alias/a"] };
        var renamed = AliasHistory.WithPending(overtaken, "alias/c");
        Assert.Equal("alias/c", renamed.PendingAliasName);
        Assert.Equal(["alias/a", "alias/b"], renamed.FormerAliasNames);
        Assert.Same(renamed.FormerAliasNames, AliasHistory.WithPending(renamed, "alias/c").FormerAliasNames);
    }

    [Fact]
    public void A_former_alias_is_forgotten_once_a_later_comparison_does_not_find_it()
    {
        var status = new KeyStatus { AliasName = "alias/b", FormerAliasNames = ["alias/a"] };
        Assert.Equal(["alias/a"], AliasHistory.FormerAfter(status, ["alias/b"], isVerified: false));
        Assert.Null(AliasHistory.FormerAfter(status, ["alias/b"], isVerified: true));
    }

    [Fact]
    public void An_additional_alias_that_the_key_is_about_to_get_is_on_record_until_the_status_has_it()
    {
        var recorded = AliasHistory.WithPendingAdditional(new KeyStatus { AliasName = "alias/a", AdditionalAliases = ["alias/b"] }, ["alias/b", "alias/c"]);
        Assert.Equal(["alias/c"], recorded.FormerAliasNames);
        Assert.Equal(["alias/c"], AliasHistory.FormerAfter(recorded, ["alias/a", "alias/b"], isVerified: false));
        Assert.Null(AliasHistory.FormerAfter(recorded, ["alias/a", "alias/b", "alias/c"], isVerified: false));
    }
}
