using KmsOperator.Api;
using KmsOperator.Keys.Ownership;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Ownership;

public sealed class AliasReservationsTests
{
    private static readonly KeyLocation Here = new("111111111111", "us-east-1");

    private readonly AliasReservations _reservations = new();

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
        Assert.Equal("one", _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true).Uid);
        Assert.True(_reservations.Reserve(new(account, region), alias, Owner("two"), _ => true).Uid == holder, why);
        Assert.Equal("one", _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true).Uid);
    }

    [Fact]
    public void Who_wants_another_name_gives_back_the_first_one()
    {
        _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true);
        _reservations.Reserve(Here, "alias/b", Owner("one"), _ => true);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/a", Owner("two"), _ => true).Uid);
        Assert.Equal("one", _reservations.Reserve(Here, "alias/b", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void A_reservation_that_fails_gives_back_the_first_name_as_well()
    {
        _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true);
        _reservations.Reserve(Here, "alias/b", Owner("two"), _ => true);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/b", Owner("one"), _ => true).Uid);
        Assert.Equal("three", _reservations.Reserve(Here, "alias/a", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void What_a_resource_had_reserved_that_is_gone_is_free()
    {
        _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/a", Owner("two"), owner => owner.Uid != "one").Uid);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/a", Owner("three"), _ => true).Uid);
    }

    [Fact]
    public void A_release_gives_back_what_one_resource_has_and_no_other()
    {
        _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true);
        _reservations.Reserve(Here, "alias/b", Owner("two"), _ => true);
        _reservations.Release("one");
        _reservations.Release("nobody");
        Assert.Equal("three", _reservations.Reserve(Here, "alias/a", Owner("three"), _ => true).Uid);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/b", Owner("four"), _ => true).Uid);
    }

    [Fact]
    public void A_resource_that_has_a_key_keeps_only_the_name_that_it_wants()
    {
        _reservations.Reserve(Here, "alias/a", Owner("one"), _ => true);
        _reservations.Reserve(Here, "alias/b", Owner("two"), _ => true);
        _reservations.ReleaseOthers(Here, "alias/a", "one");
        Assert.Equal("one", _reservations.Reserve(Here, "alias/a", Owner("three"), _ => true).Uid);
        _reservations.ReleaseOthers(Here, "alias/c", "one");
        Assert.Equal("three", _reservations.Reserve(Here, "alias/a", Owner("three"), _ => true).Uid);
        Assert.Equal("two", _reservations.Reserve(Here, "alias/b", Owner("four"), _ => true).Uid);
    }

    [Fact]
    public async Task Of_many_at_once_one_gets_the_name_and_all_hear_who()
    {
        var holders = await Task.WhenAll(Enumerable.Range(0, 64).Select(number => Task.Run(() => _reservations.Reserve(Here, "alias/a", Owner($"{number}"), _ => true).Uid)));
        Assert.Single(holders.Distinct());
    }

    private static KeyOwner Owner(string name) => new(ServiceKey.KindName, "team", name, name, "test");
}
