using System.Diagnostics.CodeAnalysis;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Fair queuing of the keys that are ready for a worker. The next key comes from the flow that has the fewest workers; of several, from the
/// flow that got a worker longest ago. Inside a flow the key that was added first comes first. Not thread-safe.
/// </summary>
/// <remarks>
/// A flow that is throttled gets at most <see cref="WorkersWhenThrottled"/> workers, and one more with each success, until the limit no
/// longer matters. Otherwise all its keys would run into the same throttling at once.
/// "Flow" is meant as in Kubernetes API Priority and Fairness.
/// </remarks>
/// <param name="maxWorkersPerFlow">How many workers a flow may have, 1 or more. The rest stays free for other flows.</param>
internal sealed class ReadyKeys<TKey>(int maxWorkersPerFlow)
{
    public const int WorkersWhenThrottled = 2;
    private const int LastLimitWhenThrottled = 16;

    private readonly Dictionary<string, Flow> _flows = [];
    private readonly Flow _withoutFlow = new("");
    private long _turns;

    /// <summary>Whether <see cref="TryTake"/> would find a key.</summary>
    public bool CanTake => _withoutFlow.CanGive || _flows.Values.Any(flow => flow.CanGive);

    /// <summary>Puts a key at the end of its flow. A key without a flow (null) is never limited.</summary>
    public void Add(TKey key, string? flowName)
    {
        if (flowName is null)
        {
            _withoutFlow.Waiting.Enqueue(key);
            return;
        }
        if (!_flows.TryGetValue(flowName, out var flow))
        {
            // A new flow starts behind the others; otherwise a flow that comes and goes would be first each time.
            _flows[flowName] = flow = new(flowName) { Turn = ++_turns, Limit = maxWorkersPerFlow };
        }
        flow.Waiting.Enqueue(key);
    }

    /// <summary>Takes the next key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="flow">Where the key came from; give it back with <see cref="GiveBack"/>.</param>
    public bool TryTake([MaybeNullWhen(false)] out TKey key, [MaybeNullWhen(false)] out Flow flow)
    {
        flow = _flows.Values.Append(_withoutFlow).Where(candidate => candidate.CanGive).MinBy(candidate => (candidate.Workers, candidate.Turn));
        if (flow is null)
        {
            key = default;
            return false;
        }
        key = flow.Waiting.Dequeue();
        flow.Workers++;
        flow.Turn = ++_turns;
        return true;
    }

    /// <summary>A worker has finished with a key of the flow.</summary>
    public void GiveBack(Flow flow)
    {
        flow.Workers--;
        if (flow is { Workers: 0, Waiting.Count: 0 } && flow.Limit == maxWorkersPerFlow)
            _flows.Remove(flow.Name);
    }

    /// <summary>Adjusts the flow's limit to what one of its keys met.</summary>
    public void Report(Flow flow, FlowOutcome outcome)
    {
        if (flow == _withoutFlow || outcome == FlowOutcome.Unknown)
            return;
        if (outcome == FlowOutcome.Throttled)
            flow.Limit = Math.Min(WorkersWhenThrottled, maxWorkersPerFlow);
        else if (flow.Limit < maxWorkersPerFlow)
            flow.Limit = flow.Limit < LastLimitWhenThrottled ? flow.Limit + 1 : maxWorkersPerFlow;
    }

    /// <summary>Keys that are throttled together, because they use the same account for example.</summary>
    public sealed class Flow(string name)
    {
        public string Name => name;

        public Queue<TKey> Waiting { get; } = new();

        /// <summary>How many workers have a key of this flow now.</summary>
        public int Workers { get; set; }

        /// <summary>How many workers may have a key of this flow.</summary>
        public int Limit { get; set; } = int.MaxValue;

        /// <summary>When the flow got a worker last, as a number that only grows.</summary>
        public long Turn { get; set; }

        public bool CanGive => Waiting.Count > 0 && Workers < Limit;
    }
}
