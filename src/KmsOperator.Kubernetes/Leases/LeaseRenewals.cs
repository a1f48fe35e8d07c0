namespace KmsOperator.Kubernetes;

/// <summary>When the lease was renewed last, for those who ask just before they write. Thread-safe.</summary>
/// <param name="clock">
/// Its timestamps must count the time while the machine is suspended. Its wall clock is a second bound: an answer is yes only if both agree.
/// </param>
internal sealed class LeaseRenewals(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private Renewal? _last;
    private TaskCompletionSource _next = new();

    /// <summary>The present moment, to be given to <see cref="Succeeded"/> if an attempt that begins now succeeds.</summary>
    public Renewal Now() => new(clock.GetTimestamp(), clock.GetUtcNow());

    /// <summary>An attempt to renew succeeded.</summary>
    /// <param name="began">When the attempt began. Other instances count from when they see the renewal, which is later.</param>
    public void Succeeded(Renewal began) => Set(began);

    /// <summary>The lease is lost or will be released.</summary>
    public void End() => Set(null);

    /// <summary>Whether the last renewal began less than <paramref name="limit"/> ago.</summary>
    public bool IsYoungerThan(TimeSpan limit)
    {
        lock (_lock)
            return _last is { } last && clock.GetElapsedTime(last.Timestamp) < limit && clock.GetUtcNow() - last.WallClock < limit;
    }

    /// <summary>
    /// Completes with the next change. Take it before asking <see cref="IsYoungerThan"/>, or a change can be missed. What awaits it goes on
    /// inside the renewal, so it must yield at once.
    /// </summary>
    public Task Next()
    {
        lock (_lock)
            return _next.Task;
    }

    private void Set(Renewal? renewal)
    {
        TaskCompletionSource next;
        lock (_lock)
        {
            _last = renewal;
            (next, _next) = (_next, new());
        }
        next.SetResult();
    }

    /// <summary>A moment by both clocks.</summary>
    internal sealed record Renewal(long Timestamp, DateTimeOffset WallClock);
}
