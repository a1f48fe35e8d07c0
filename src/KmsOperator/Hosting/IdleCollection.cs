using KmsOperator.Kubernetes;

namespace KmsOperator.Hosting;

/// <summary>
/// Gives memory back to the system after the start and after each burst of work: many reconciles, or a new list of all resources after a lost connection. Their
/// garbage is often larger than what is kept of them, and an idle operator allocates so little that the runtime would not collect it for hours.
/// </summary>
/// <param name="queues">The queues of all kinds.</param>
/// <param name="listed">How many objects lists have brought so far.</param>
/// <param name="collect">Collects all garbage and gives its memory back.</param>
/// <param name="time">The clock.</param>
internal sealed class IdleCollection(IReadOnlyList<WorkQueue<NamespacedName>> queues, Func<long> listed, Action collect, TimeProvider time)
{
    /// <summary>How often the queues are looked at.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    // A full collection stops all work for a moment, so it needs a reason: fewer reconciles and objects leave little garbage.
    private const long Burst = 1000;

    /// <summary>Collects once when the caches are filled and nothing waits, and again whenever a burst of work is done; until cancelled.</summary>
    /// <param name="whenListed">Completes when the caches are filled.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Task whenListed, CancellationToken cancellationToken)
    {
        await whenListed.WaitAsync(cancellationToken);
        var collectedAt = -Burst;
        while (true)
        {
            await Task.Delay(Period, time, cancellationToken);
            var work = queues.Sum(queue => queue.Adds) + listed();
            if (work - collectedAt >= Burst && queues.All(queue => queue.Depth == 0))
            {
                collect();
                collectedAt = work;
            }
        }
    }
}
