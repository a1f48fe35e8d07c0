namespace KmsOperator.Kubernetes;

/// <summary>Keys that are due later, in a heap. Thread-safe.</summary>
/// <param name="time">Its monotonic clock is used, so that a step of the wall clock neither delays a key nor releases it early.</param>
/// <param name="release">Called with each key when it is due, outside of any lock.</param>
internal sealed class DelayedKeys<TKey>(TimeProvider time, Action<TKey> release) : IDisposable
    where TKey : notnull
{
    // A .NET timer can wait 49 days at most. This one fires at least once a day, and is set again for the time that is left.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<TKey, long> _heap = new();
    // A key whose delay became shorter leaves its old entry in the heap. Only the entry with the time in _due counts.
    private readonly Dictionary<TKey, long> _due = [];
    private ITimer? _timer;
    private bool _disposed;

    public void Add(TKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            // Rounded up, so that a key is never released before its delay is over.
            var due = time.GetTimestamp() + (long)Math.Ceiling(delay.TotalSeconds * time.TimestampFrequency);
            if (_disposed || (_due.TryGetValue(key, out var earlier) && earlier <= due))
                return;
            _due[key] = due;
            _heap.Enqueue(key, due);
            Compact();
            if (_heap.Peek().Equals(key))
                SetTimer();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
            _heap.Clear();
            _due.Clear();
        }
    }

    private void OnTimer()
    {
        List<TKey> released = [];
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_heap.TryPeek(out var key, out var due) && due <= now)
            {
                _heap.Dequeue();
                if (_due.TryGetValue(key, out var current) && current == due)
                {
                    _due.Remove(key);
                    released.Add(key);
                }
            }
            SetTimer();
        }
        foreach (var key in released)
            release(key);
    }

    /// <summary>Removes entries that no longer count. Without this they would stay until they are due, which may be hours.</summary>
    private void Compact()
    {
        if (_heap.Count <= 2 * _due.Count + 16)
            return;
        _heap.Clear();
        _heap.EnqueueRange(_due.Select(pair => (pair.Key, pair.Value)));
    }

    private void SetTimer()
    {
        if (_disposed || !_heap.TryPeek(out _, out var due))
            return;
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(time.GetElapsedTime(time.GetTimestamp(), due).TotalMilliseconds));
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestTimer ? LongestTimer : wait;
        _timer ??= time.CreateTimer(
            static self => ((DelayedKeys<TKey>)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
