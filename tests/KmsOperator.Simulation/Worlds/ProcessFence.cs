using KmsOperator.Aws;
using KmsOperator.Simulation.Scheduling;

namespace KmsOperator.Simulation.Worlds;

/// <summary>
/// The operator's own fence. Only the wait for a fresh lease is another one: it asks again and again, since the lease's own answer to it comes from
/// the thread pool.
/// </summary>
/// <param name="process">Who waits.</param>
/// <param name="fence">The fence.</param>
internal sealed class ProcessFence(SimulatedProcess process, IWriteFence fence) : IWriteFence
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc />
    public bool IsOpen => fence.IsOpen;

    /// <inheritdoc />
    public bool IsFresh => fence.IsFresh;

    /// <inheritdoc />
    public bool Permits(AwsAccess access, string operation) => fence.Permits(access, operation);

    /// <inheritdoc />
    public Task WaitUntilFreshAsync(CancellationToken cancellationToken)
    {
        if (fence.IsFresh)
            return Task.CompletedTask;
        var waited = new TaskCompletionSource();
        process.Start(() => _ = WaitAsync());
        return waited.Task;

        async Task WaitAsync()
        {
            while (!fence.IsFresh && fence.IsOpen && !cancellationToken.IsCancellationRequested)
                await Task.Delay(Look, process.Time, CancellationToken.None);
            process.Deliver(() => waited.TrySetResult());
        }
    }
}
