using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>Three operators that share the work: whatever happens to one of them, every resource gets exactly one key, and none is forgotten.</summary>
public sealed class ShardScenarioTests
{
    private const int Shards = 8;

    // A lease is 15 seconds, and is looked at every 2 to 2.4 seconds.
    private const int LeasePeriod = 20;

    [Fact]
    public async Task Three_operators_hold_all_shards_in_equal_parts_and_make_one_key_for_each_resource()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 24);
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(world.Names).Order());
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(world.Names));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task The_shards_of_an_operator_that_is_killed_are_taken_over_within_one_lease_and_the_others_go_on_meanwhile()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        var rest = world.Names.Skip(1).ToList();
        var before = world.Covered(rest);

        world.Operators.KillOne(world.Names[0]);
        AddKeys(world, 13, 36);
        await world.SettleAsync(3);
        Assert.Equal(before, world.Covered(rest));
        var ready = world.Resources().Count(ShardedOperators.IsReady);
        Assert.InRange(ready, 13, 35);

        await world.SettleAsync(LeasePeriod);
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(rest));
        await world.SettleAsync();
        Assert.Equal([4, 4], world.Held(rest));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task An_operator_that_stands_still_loses_its_shards_and_gets_others_when_it_goes_on()
    {
        using var world = new ShardedOperators(Shards, operators: 3);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        var rest = world.Names.Skip(1).ToList();

        AddKeys(world, 13, 24);
        world.Operators.StandStill(world.Names[0]);
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(rest));
        AddKeys(world, 25, 36);
        world.Operators.GoOn(world.Names[0]);
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(world.Names).Order());
        Assert.Equal(Enumerable.Range(0, Shards), world.Covered(world.Names));
        await world.SettleAsync(600);
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task An_operator_that_ends_gives_its_shards_back_at_once()
    {
        using var world = new ShardedOperators(Shards, operators: 2);
        AddKeys(world, 1, 12);
        await world.SettleAsync();
        AddKeys(world, 13, 24);

        await world.Operators.StopAsync(world.Names[0]);

        Assert.Equal([Shards], world.Held(world.Names.Skip(1)));
        await world.AssertOneKeyEachAsync();
    }

    [Fact]
    public async Task Shards_that_move_to_operators_that_come_later_lose_nothing_although_keys_are_being_created()
    {
        using var world = new ShardedOperators(Shards, operators: 1);
        AddKeys(world, 1, 12);
        await world.SettleAsync(6);
        for (var round = 0; round < 12; round++)
        {
            if (round is 2 or 4)
                world.Start();
            AddKeys(world, 13 + (round * 6), 18 + (round * 6));
            await world.SettleAsync(1);
        }
        await world.SettleAsync();

        Assert.Equal([2, 3, 3], world.Held(["operator-2", "operator-3", "operator-4"]).Order());
        await world.AssertOneKeyEachAsync();
    }

    private static void AddKeys(ShardedOperators world, int first, int last)
    {
        var classes = world.AddClasses();
        for (var number = first; number <= last; number++)
            world.AddKey($"key-{number}", classes[number % classes.Count], "service: s3");
    }
}
