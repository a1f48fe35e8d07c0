namespace KmsOperator.Sharding;

/// <summary>How many shards each instance holds, so that all have the same number, or one more.</summary>
internal static class ShardBalance
{
    /// <summary>How many shards an instance may hold. The targets of all members come to the number of shards.</summary>
    /// <param name="self">Its name.</param>
    /// <param name="members">The names of all live members. The instance itself counts whether it is there or not.</param>
    /// <param name="shards">How many shards there are.</param>
    public static int TargetOf(string self, IEnumerable<string> members, int shards)
    {
        var ordered = members.Append(self).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var (each, rest) = Math.DivRem(shards, ordered.Count);
        return each + (ordered.IndexOf(self) < rest ? 1 : 0);
    }

    /// <summary>The shards that an instance gives back because others shall have them: those with the highest numbers.</summary>
    /// <param name="held">The shards that it holds.</param>
    /// <param name="target">How many it may hold.</param>
    public static IReadOnlyList<int> Surplus(IReadOnlyCollection<int> held, int target) => [.. held.Order().Skip(target)];
}
