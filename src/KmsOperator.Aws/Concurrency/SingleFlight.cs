namespace KmsOperator.Aws;

/// <summary>
/// A read that many callers share: each says how fresh the answer must be, and all that wait at the same time are served by
/// one read. Reads never overlap, and none is cut short because one of its callers gives up.
/// </summary>
/// <typeparam name="T">What is read.</typeparam>
/// <param name="time">The clock.</param>
/// <param name="read">Does the read; its argument is the time at which it began.</param>
internal sealed class SingleFlight<T>(TimeProvider time, Func<DateTimeOffset, Task<T>> read)
    where T : class
{
    // Callers that come one after the other are served together, rather than by a read each.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private (T Value, DateTimeOffset StartedAt)? _last;
    private Task? _current;

    /// <summary>The newest answer whose read began at <paramref name="notBefore"/> or later.</summary>
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

                current = _current ??= ReadAsync(_last?.StartedAt + Spacing);
            }

            // It may have begun too early for this caller; then the next one serves.
            await current.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync(DateTimeOffset? earliest)
    {
        // The caller holds the lock; the read itself must not run under it.
        await Task.Yield();
        try
        {
            if (earliest - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero && wait <= Spacing)
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
