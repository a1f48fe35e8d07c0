using CsCheck;
using KmsOperator.Sharding;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

public sealed class ShardBalanceTests
{
    private static readonly Gen<(string[] Members, int Shards)> Cases =
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 3].HashSet[1, 12].Select(names => names.ToArray()), Gen.Int[1, 64]);

    [Fact]
    public void The_targets_of_all_members_come_to_the_number_of_shards_and_differ_by_one_at_most() => Cases.Sample((members, shards) =>
    {
        var targets = members.Select(member => ShardBalance.TargetOf(member, members, shards)).ToList();

        Assert.Equal(shards, targets.Sum());
        Assert.InRange(targets.Max() - targets.Min(), 0, 1);
    });

    [Fact]
    public void In_what_order_members_are_seen_and_whether_the_instance_sees_itself_does_not_matter() => Cases.Sample((members, shards) =>
        Assert.All(members, member => Assert.Equal(
            ShardBalance.TargetOf(member, members, shards), ShardBalance.TargetOf(member, members.Reverse().Where(other => other != member), shards))));

    [Fact]
    public void An_instance_gives_back_what_is_beyond_its_target_and_nothing_else() =>
        Gen.Select(Gen.Int[0, 63].HashSet[0, 40].Select(held => held.ToArray()), Gen.Int[0, 64]).Sample((held, target) =>
        {
            var surplus = ShardBalance.Surplus(held, target);

            Assert.Equal(Math.Max(0, held.Length - target), surplus.Count);
            Assert.Subset(held.ToHashSet(), surplus.ToHashSet());
        });

    /// <summary>Whoever holds what at first: once all have given back their surplus and taken what is free, everything is held, and nothing moves any more.</summary>
    [Fact]
    public void From_any_distribution_one_round_leads_to_one_that_stays() =>
        Gen.Select(Cases, Gen.Int[0, 11].Array[64]).Sample((world, owners) =>
        {
            var (members, shards) = world;
            var held = members.ToDictionary(member => member, member => new List<int>());
            for (var shard = 0; shard < shards; shard++)
            {
                if (owners[shard] < members.Length)
                    held[members[owners[shard]]].Add(shard);
            }

            foreach (var member in members)
                held[member] = [.. held[member].Except(ShardBalance.Surplus(held[member], ShardBalance.TargetOf(member, members, shards)))];
            var free = new Queue<int>(Enumerable.Range(0, shards).Except(held.Values.SelectMany(one => one)));
            foreach (var member in members)
            {
                while (held[member].Count < ShardBalance.TargetOf(member, members, shards))
                    held[member].Add(free.Dequeue());
            }

            Assert.Empty(free);
            Assert.All(members, member => Assert.Empty(ShardBalance.Surplus(held[member], ShardBalance.TargetOf(member, members, shards))));
        });
}
