using System.Diagnostics.CodeAnalysis;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Keys that are ready for a worker, in groups that take turns: the group with the fewest workers is next, of several the one
/// that has waited longest; inside a group, first come, first served. Not thread-safe.
/// </summary>
/// <remarks>
/// A group that is held up has <see cref="LimitWhenHeldUp"/> workers at most, and one more with each success, until the limit
/// means nothing any more: what was held up would else run into the same wall with all workers at once.
/// </remarks>
/// <param name="largestGroup">Workers that a group may have at most, so that some are there for others at once.</param>
internal sealed class ReadyKeys<TKey>(int largestGroup)
{
    public const int LimitWhenHeldUp = 2;
    private const int LargestLimitWhenHeldUp = 16;

    private readonly Dictionary<string, Group> _groups = [];
    private readonly Group _ungrouped = new("");
    private long _turns;

    /// <summary>Whether <see cref="TryTake"/> would find one.</summary>
    public bool CanTake => _ungrouped.CanGive || _groups.Values.Any(group => group.CanGive);

    /// <summary>Puts a key at the end of its group; a null group is never held up.</summary>
    public void Add(TKey key, string? name)
    {
        if (name is null)
        {
            _ungrouped.Waiting.Enqueue(key);
            return;
        }
        if (!_groups.TryGetValue(name, out var group))
        {
            // Behind the others: a group that comes and goes must not be first each time.
            _groups[name] = group = new(name) { Turn = ++_turns, Limit = largestGroup };
        }
        group.Waiting.Enqueue(key);
    }

    /// <summary>Takes the next key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="group">To be given back with <see cref="GiveBack"/>.</param>
    public bool TryTake([MaybeNullWhen(false)] out TKey key, [MaybeNullWhen(false)] out Group group)
    {
        group = _groups.Values.Append(_ungrouped).Where(candidate => candidate.CanGive).MinBy(candidate => (candidate.Held, candidate.Turn));
        if (group is null)
        {
            key = default;
            return false;
        }
        key = group.Waiting.Dequeue();
        group.Held++;
        group.Turn = ++_turns;
        return true;
    }

    /// <summary>A worker of the group is free again.</summary>
    public void GiveBack(Group group)
    {
        group.Held--;
        if (group is { Held: 0, Waiting.Count: 0 } && group.Limit == largestGroup)
            _groups.Remove(group.Name);
    }

    /// <summary>Tells how the group fares.</summary>
    public void Report(Group group, bool served)
    {
        if (group == _ungrouped)
            return;
        if (!served)
            group.Limit = Math.Min(LimitWhenHeldUp, largestGroup);
        else if (group.Limit < largestGroup)
            group.Limit = group.Limit < LargestLimitWhenHeldUp ? group.Limit + 1 : largestGroup;
    }

    /// <summary>Keys that share a fate.</summary>
    public sealed class Group(string name)
    {
        public string Name => name;

        public Queue<TKey> Waiting { get; } = new();

        /// <summary>Workers that have one of its keys.</summary>
        public int Held { get; set; }

        /// <summary>How many workers it may have.</summary>
        public int Limit { get; set; } = int.MaxValue;

        /// <summary>When it was given a worker last, as a number that grows.</summary>
        public long Turn { get; set; }

        public bool CanGive => Waiting.Count > 0 && Held < Limit;
    }
}
