using CsCheck;
using KmsOperator.Sharding;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>In which shard things are. Instances of different versions must say the same, so the numbers never change.</summary>
public sealed class ShardMapTests
{
    // printf '123456789012/us-east-1' | sha256sum, the first eight digits as a number, modulo the number of shards.
    [Theory]
    [InlineData("123456789012", "us-east-1", 8, 4)]
    [InlineData("123456789012", "us-east-1", 3, 2)]
    [InlineData("123456789012", "us-east-1", 64, 44)]
    [InlineData("123456789012", "eu-west-1", 8, 3)]
    [InlineData("111111111111", "us-east-1", 64, 49)]
    public void An_account_and_Region_is_always_in_the_same_shard(string account, string region, int shards, int shard) =>
        Assert.Equal(shard, new ShardMap(shards).OfPlace(account, region));

    [Fact]
    public void A_class_and_a_resource_that_cannot_be_read_are_always_in_the_same_shard()
    {
        var map = new ShardMap(64);

        Assert.Equal([13, 14, 31], [map.OfClass("standard"), map.OfClass(""), map.OfUnreadable("team", "one")]);
    }

    [Fact]
    public void Every_place_is_in_one_of_the_shards() => Gen.Select(Gen.Int[1, 64], Gen.String, Gen.String).Sample((shards, account, region) =>
        Assert.InRange(new ShardMap(shards).OfPlace(account, region), 0, shards - 1));

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(64)]
    public void Ten_thousand_accounts_are_spread_evenly(int shards)
    {
        var map = new ShardMap(shards);

        var counts = Enumerable.Range(0, 10_000).Select(i => map.OfPlace($"{100_000_000_000 + i}", "us-east-1")).CountBy(shard => shard).ToDictionary();

        Assert.Equal(shards, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 10_000 / shards * 0.6, 10_000 / shards * 1.4));
    }
}
