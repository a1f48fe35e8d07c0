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
internal sealed class ReadyKeys<TKey>
{
    public const int LimitWhenHeldUp = 2;
    private const int LargestLimit = 16;

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
            _groups[name] = group = new(name) { Turn = ++_turns };
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
        if (group.IsIdle)
            _groups.Remove(group.Name);
    }

    /// <summary>Tells how the group fares.</summary>
    public void Report(Group group, bool served)
    {
        if (group == _ungrouped)
            return;
        group.Limit = !served ? LimitWhenHeldUp : group.Limit < LargestLimit ? group.Limit + 1 : null;
    }

    /// <summary>Keys that share a fate.</summary>
    public sealed class Group(string name)
    {
        public string Name => name;

        public Queue<TKey> Waiting { get; } = new();

        /// <summary>Workers that have one of its keys.</summary>
        public int Held { get; set; }

        /// <summary>How many workers it may have; null for any number.</summary>
        public int? Limit { get; set; }

        /// <summary>When it was given a worker last, as a number that grows.</summary>
        public long Turn { get; set; }

        public bool CanGive => Waiting.Count > 0 && !(Held >= Limit);

        public bool IsIdle => Waiting.Count == 0 && Held == 0 && Limit is null;
    }
}
