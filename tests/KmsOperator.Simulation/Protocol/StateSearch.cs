namespace KmsOperator.Simulation.Protocol;

/// <summary>Goes through every state that a protocol can come to, nearest first.</summary>
/// <param name="protocol">Says what can happen next.</param>
/// <param name="violation">What is wrong with a state; null when nothing is.</param>
internal sealed class StateSearch(CreationProtocol protocol, Func<ProtocolState, string?> violation)
{
    // By canonical states. What is reached stays as it was reached, so that a way names the same operator in the same way all along.
    private readonly Dictionary<ProtocolState, (ProtocolState Before, string What)> _reached = [];

    /// <summary>How many different states were reached. Two that differ in which operator is which count as one.</summary>
    public int States => _reached.Count;

    /// <summary>Goes through everything again, backwards from all ends.</summary>
    /// <returns>How many of the reached states lead to no end any more.</returns>
    public int CountDeadEnds(Func<ProtocolState, bool> isEnd)
    {
        var into = new Dictionary<ProtocolState, List<ProtocolState>>();
        foreach (var state in _reached.Keys)
        {
            foreach (var (_, next) in protocol.Next(state))
            {
                var after = next.Canonical();
                (into.TryGetValue(after, out var sources) ? sources : into[after] = []).Add(state);
            }
        }

        var leading = new HashSet<ProtocolState>(_reached.Keys.Where(isEnd));
        var open = new Queue<ProtocolState>(leading);
        while (open.TryDequeue(out var state))
        {
            foreach (var source in into.GetValueOrDefault(state) ?? [])
            {
                if (leading.Add(source))
                    open.Enqueue(source);
            }
        }

        return _reached.Count - leading.Count;
    }

    /// <summary>Searches all of it.</summary>
    /// <returns>The shortest way to a state that breaks a promise, with what is broken as its last line; null when there is none.</returns>
    public IReadOnlyList<string>? Run()
    {
        _reached[CreationProtocol.Start] = (CreationProtocol.Start, "");
        var open = new Queue<ProtocolState>([CreationProtocol.Start]);
        while (open.TryDequeue(out var state))
        {
            foreach (var (what, after) in protocol.Next(state))
            {
                if (!_reached.TryAdd(after.Canonical(), (state, what)))
                    continue;
                if (violation(after) is { } broken)
                    return [.. WayTo(after), broken];
                open.Enqueue(after);
            }
        }

        return null;
    }

    private IEnumerable<string> WayTo(ProtocolState state)
    {
        var way = new List<string>();
        while (_reached[state.Canonical()] is { What.Length: > 0 } step)
        {
            way.Add(step.What);
            state = step.Before;
        }

        return Enumerable.Reverse(way);
    }
}
