using System.Collections.Immutable;
using KmsSimulator.Protocol;
using KmsSimulator.Sqs;
using KmsSimulator.State;

namespace KmsSimulator.Trail;

/// <summary>Sends an event of each call that writes to KMS to the queues that were asked for: CloudTrail and EventBridge in one.</summary>
internal sealed class CallTrail(Simulation simulation)
{
    private ImmutableArray<EventRule> _rules = [];
    private long _events;

    /// <summary>Sends the events that a rule wants from now on.</summary>
    public void Add(EventRule rule) => ImmutableInterlocked.Update(ref _rules, rules => rules.Add(rule));

    /// <summary>Sends no events any more.</summary>
    public void Reset() => ImmutableInterlocked.Update(ref _rules, _ => []);

    /// <summary>A call has ended. Whatever becomes of its event does not concern it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="error">What it failed with; null if it did not.</param>
    public void Record(KmsCall call, ServiceException? error)
    {
        if (_rules.IsEmpty || !CloudTrailRecord.IsWrite(call.Operation.Name))
            return;
        var text = CloudTrailRecord.Of(call, error, Interlocked.Increment(ref _events)).ToJsonString();
        foreach (var rule in _rules.Where(rule => rule.Wants(call)))
        {
            // A queue that is gone gets nothing, and nobody is told.
            if (simulation.Queues.Find(rule.QueueAccount, rule.QueueRegion, rule.QueueName) is { } queue)
                SqsQueues.Send(simulation.Account(rule.QueueAccount), queue, text, "AIDAEVENTBRIDGE", simulation.Clock.GetUtcNow(), rule.Delay);
        }
    }
}

/// <summary>Which events go to a queue.</summary>
/// <param name="QueueAccount">Account of the queue.</param>
/// <param name="QueueRegion">Its Region.</param>
/// <param name="QueueName">Its name.</param>
/// <param name="Account">Only calls about this account's keys; null for all.</param>
/// <param name="Region">Only calls in this Region; null for all.</param>
/// <param name="Delay">How long after the call the event is there.</param>
internal sealed record EventRule(string QueueAccount, string QueueRegion, string QueueName, string? Account, string? Region, TimeSpan Delay)
{
    public bool Wants(KmsCall call) => (Account is null || call.Owner.Id == Account) && (Region is null || call.Region == Region);
}
