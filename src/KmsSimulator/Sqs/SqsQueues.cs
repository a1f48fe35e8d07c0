using System.Collections.Concurrent;
using KmsSimulator.State;

namespace KmsSimulator.Sqs;

/// <summary>All queues, by account, Region and name.</summary>
internal sealed class SqsQueues
{
    private readonly ConcurrentDictionary<(string Account, string Region, string Name), SqsQueue> _queues = new();

    public IEnumerable<SqsQueue> All => _queues.Values;

    public SqsQueue? Find(string account, string region, string name) => _queues.GetValueOrDefault((account, region, name));

    /// <summary>The queue of that name, made if there is none.</summary>
    public SqsQueue GetOrCreate(string account, string region, string name, Func<SqsQueue> create) => _queues.GetOrAdd((account, region, name), _ => create());

    public void Delete(string account, string region, string name)
    {
        if (_queues.TryRemove((account, region, name), out var queue))
            queue.Delete();
    }

    /// <summary>Puts a message into a queue.</summary>
    public static SqsMessage Send(KmsAccount owner, SqsQueue queue, string body, string senderId, DateTimeOffset now, TimeSpan delay)
    {
        var message = new SqsMessage(owner.IdOf($"{queue.Arn}/{queue.NextNumber()}"), body, senderId, now, now + delay);
        queue.Send(message);
        return message;
    }

    public void Wake()
    {
        foreach (var queue in _queues.Values)
            queue.Wake();
    }

    public void Reset()
    {
        foreach (var (account, region, name) in _queues.Keys)
            Delete(account, region, name);
    }
}
