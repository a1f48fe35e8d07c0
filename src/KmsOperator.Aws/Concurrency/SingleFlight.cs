namespace KmsOperator.Aws;

/// <summary>
/// A read whose result many callers share. Each caller says how fresh the result must be. Callers that wait at the same time share one
/// read. Reads never overlap, and a read goes on when one of its callers gives up.
/// </summary>
/// <typeparam name="T">Type of the result.</typeparam>
/// <param name="time">The clock.</param>
/// <param name="read">Does the read. Its argument is the time at which the read began.</param>
/// <param name="spacing">The shortest time between two reads, so that callers who come shortly after each other share one; 250 ms when null.</param>
internal sealed class SingleFlight<T>(TimeProvider time, Func<DateTimeOffset, Task<T>> read, TimeSpan? spacing = null)
    where T : class
{
    private readonly TimeSpan _spacing = spacing ?? TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private (T Value, DateTimeOffset StartedAt)? _last;
    private Task? _current;

    /// <summary>Returns the newest result. Its read began at <paramref name="notBefore"/> or later.</summary>
    public async Task<(T Value, DateTimeOffset StartedAt)> GetAsync(DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task current;
            lock (_lock)
            {
                if (_last is { } last && last.StartedAt >= notBefore)
                {
                    return last;
                }

                current = _current ??= ReadAsync(_last?.StartedAt + _spacing);
            }

            // That read may have begun too early for this caller; if so, wait for the next one.
            await current.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The newest result, however old; null before the first one.</summary>
    public T? Latest
    {
        get
        {
            lock (_lock)
            {
                return _last?.Value;
            }
        }
    }

    /// <summary>Gives a result that is known without a read.</summary>
    /// <param name="value">The result.</param>
    /// <param name="asOf">A read that began then would have had this result.</param>
    public void Offer(T value, DateTimeOffset asOf)
    {
        lock (_lock)
        {
            if (!(_last?.StartedAt >= asOf))
            {
                _last = (value, asOf);
            }
        }
    }

    private async Task ReadAsync(DateTimeOffset? earliest)
    {
        // The caller holds the lock, and the read must not run under it.
        await Task.Yield();
        try
        {
            if (earliest - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero && wait <= _spacing)
            {
                await Task.Delay(wait, time);
            }

            var startedAt = time.GetUtcNow();
            var value = await read(startedAt);
            lock (_lock)
            {
                _last = (value, startedAt);
            }
        }
        finally
        {
            lock (_lock)
            {
                _current = null;
            }
        }
    }
}
