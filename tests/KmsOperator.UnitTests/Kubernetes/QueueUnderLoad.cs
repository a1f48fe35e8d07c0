using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Four threads that add and four that work: no key is with two of them, and every addition is followed by work.</summary>
internal static class QueueUnderLoad
{
    private const int Threads = 4;
    private const int Rounds = 2_000;

    /// <summary>Puts the queue under load and shuts it down.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="keys">Keys from 0 to this are added.</param>
    /// <param name="worked">Told of a key and the worker's count of passes before the key is given back.</param>
    public static async Task RunAsync(WorkQueue<int> queue, int keys, Action<int, int>? worked = null)
    {
        var asked = new int[keys];
        var done = new int[keys];
        var inHand = new int[keys];
        var workers = Enumerable.Range(0, Threads).Select(worker => Task.Run(async () =>
        {
            var passes = worker;
            while (await queue.TakeAsync(CancellationToken.None) is (true, var key))
            {
                Assert.Equal(1, Interlocked.Increment(ref inHand[key]));
                // What was asked before the work began is done by it.
                Volatile.Write(ref done[key], Volatile.Read(ref asked[key]));
                Interlocked.Decrement(ref inHand[key]);
                worked?.Invoke(key, ++passes);
                queue.Done(key);
            }
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                Interlocked.Increment(ref asked[(i + thread) % keys]);
                queue.Add((i + thread) % keys);
            }
        })));
        queue.ShutDown();
        await Task.WhenAll(workers);

        Assert.Equal(asked, done);
    }
}
