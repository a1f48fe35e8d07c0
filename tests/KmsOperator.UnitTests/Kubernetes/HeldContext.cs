namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>A SynchronizationContext that runs nothing by itself: continuations wait until the test runs them.</summary>
internal sealed class HeldContext : SynchronizationContext
{
    private readonly Lock _lock = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _waiting = new();

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
            _waiting.Enqueue((d, state));
    }

    /// <summary>Starts work on this context; it runs up to its first wait.</summary>
    public Task Start(Func<Task> work)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            return work();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Runs what waits, and what comes of it, until nothing waits any more.</summary>
    public void RunAll()
    {
        while (TryTake() is { } next)
        {
            _ = Start(() =>
            {
                next.Callback(next.State);
                return Task.CompletedTask;
            });
        }
    }

    private (SendOrPostCallback Callback, object? State)? TryTake()
    {
        lock (_lock)
            return _waiting.TryDequeue(out var next) ? next : null;
    }
}
