using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Creating;

public sealed class AliasReservationsTests
{
    private static readonly KeyLocation Here = new("111111111111", "us-east-1");

    private readonly AliasReservations _claims = new();

    // account, Region, alias, who gets it, why
    public static TheoryData<string, string, string, string, string> Names => new()
    {
        { "111111111111", "us-east-1", "alias/a", "one", "the name is reserved" },
        { "111111111111", "us-east-1", "alias/b", "two", "another name is free" },
        { "111111111111", "eu-west-1", "alias/a", "two", "each Region has aliases of its own" },
        { "222222222222", "us-east-1", "alias/a", "two", "and so has each account" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_whose_it_was_first_in_its_account_and_Region(string account, string region, string alias, string holder, string why)
    {
        Assert.Equal("one", _claims.Claim(Here, "alias/a", Owner("one"), _ => true).Uid);
        Assert.True(_claims.Claim(new(account, region), alias, Owner("two"), _ => true).Uid == holder, why);
        Assert.Equal("one", _claims.Claim(Here, "alias/a", Owner("one"), _ => true).Uid);
    }

    [Fact]
    public void Who_wants_another_name_gives_back_the_first_one()
    {
        _claims.Claim(Here, "alias/a", Owner("one"), _ => true);
        _claims.Claim(Here, "alias/b", Owner("one"), _ => true);
        Assert.Equal("two", _claims.Claim(Here, "alias/a", Owner("two"), _ => true).Uid);
        Assert.Equal("one", _claims.Claim(Here, "alias/b", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void A_claim_that_fails_gives_back_the_first_name_as_well()
    {
        _claims.Claim(Here, "alias/a", Owner("one"), _ => true);
        _claims.Claim(Here, "alias/b", Owner("two"), _ => true);
        Assert.Equal("two", _claims.Claim(Here, "alias/b", Owner("one"), _ => true).Uid);
        Assert.Equal("three", _claims.Claim(Here, "alias/a", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void What_a_resource_had_reserved_that_is_gone_is_free()
    {
        _claims.Claim(Here, "alias/a", Owner("one"), _ => true);
        Assert.Equal("two", _claims.Claim(Here, "alias/a", Owner("two"), owner => owner.Uid != "one").Uid);
        Assert.Equal("two", _claims.Claim(Here, "alias/a", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void A_release_gives_back_what_one_resource_has_and_no_other()
    {
        _claims.Claim(Here, "alias/a", Owner("one"), _ => true);
        _claims.Claim(Here, "alias/b", Owner("two"), _ => true);
        _claims.Release("one");
        _claims.Release("nobody");
        Assert.Equal("three", _claims.Claim(Here, "alias/a", Owner("three"), _ => true).Uid);
        Assert.Equal("two", _claims.Claim(Here, "alias/b", Owner("four"), _ => true).Uid);
    }

    [Fact]
    public async Task Of_many_at_once_one_gets_the_name_and_all_hear_who()
    {
        var holders = await Task.WhenAll(Enumerable.Range(0, 64).Select(number => Task.Run(() => _claims.Claim(Here, "alias/a", Owner($"{number}"), _ => true).Uid)));
        Assert.Single(holders.Distinct());
    }

    [Fact]
    public void The_finding_names_who_came_first_and_what_to_do()
    {
        var error = AliasReservations.Conflict("alias/a", Owner("one").Path);
        Assert.Equal((true, Reasons.AliasConflict), (error.IsTerminal, error.Reason));
        Assert.Contains("alias/a is wanted by ServiceKey/team/one", error.Message, StringComparison.Ordinal);
        Assert.Contains("spec.alias", error.Message, StringComparison.Ordinal);
    }

    private static KeyOwner Owner(string name) => new(ServiceKey.KindName, "team", name, name, "test");
}
