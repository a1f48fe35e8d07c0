using System.Threading.Channels;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Keys that wait for a worker: each at most once, none with two workers at a time, none lost. A key that is added while a worker has it
/// comes again when the worker is done. Thread-safe.
/// </summary>
/// <typeparam name="TKey">What is to be worked on.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    // Wanted: added, and not yet with a worker. Taken: with a worker. A key is in the channel when it is wanted and not taken.
    private readonly HashSet<TKey> _wanted = [];
    private readonly HashSet<TKey> _taken = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly DelayedKeys<TKey> _delayed;
    private readonly Backoff _backoff;
    private long _adds;
    private long _retries;
    private bool _shutDown;

    /// <summary>An empty queue.</summary>
    /// <param name="time">Clock of delays.</param>
    /// <param name="random">Scatters the backoff.</param>
    /// <param name="firstBackoff">The delay after a first failure; 1 second when null.</param>
    /// <param name="longestBackoff">Where the doubling ends; 5 minutes when null.</param>
    public WorkQueue(TimeProvider time, Random random, TimeSpan? firstBackoff = null, TimeSpan? longestBackoff = null)
    {
        _backoff = new(firstBackoff ?? TimeSpan.FromSeconds(1), longestBackoff ?? TimeSpan.FromMinutes(5), random);
        _delayed = new(time, Add);
    }

    /// <summary>Keys that wait for a worker now, without the delayed ones.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    /// <summary>Keys that were put in since the start, without those that were in already.</summary>
    public long Adds => Interlocked.Read(ref _adds);

    /// <summary>Calls of <see cref="AddWithBackoff"/> since the start.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Puts a key at the end, unless it waits already.</summary>
    public void Add(TKey key)
    {
        lock (_gate)
        {
            if (_shutDown || !_wanted.Add(key))
                return;
            _adds++;
            if (!_taken.Contains(key))
                _ready.Writer.TryWrite(key);
        }
    }

    /// <summary>Adds a key after a delay. Of several delays of a key the one that ends first counts; <see cref="Add"/> ends none.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            Add(key);
        else
            _delayed.Add(key, delay);
    }

    /// <summary>Adds a key after a delay that grows with each call until <see cref="Forget"/>.</summary>
    /// <returns>The delay.</returns>
    public TimeSpan AddWithBackoff(TKey key)
    {
        TimeSpan delay;
        lock (_gate)
        {
            _retries++;
            delay = _backoff.After(_failures[key] = _failures.GetValueOrDefault(key) + 1);
        }
        AddAfter(key, delay);
        return delay;
    }

    /// <summary>The next failure of the key is a first one again. Does not take it out of the queue.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
            _failures.Remove(key);
    }

    /// <summary>Waits for a key, in the order in which they came. The taker calls <see cref="Done"/> afterwards, whatever came of it.</summary>
    /// <returns>The key; nothing taken once the queue is shut down and empty.</returns>
    public async ValueTask<(bool Taken, TKey Key)> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _ready.Reader.WaitToReadAsync(cancellationToken))
        {
            lock (_gate)
            {
                if (!_ready.Reader.TryRead(out var key))
                    continue;
                _wanted.Remove(key);
                _taken.Add(key);
                return (true, key);
            }
        }
        return (false, default!);
    }

    /// <summary>Gives a taken key back; if it was added in the meantime, it is next in line behind those that wait.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            if (!_taken.Remove(key))
                throw new InvalidOperationException($"'{key}' is not with a worker.");
            if (_wanted.Contains(key))
                _ready.Writer.TryWrite(key);
            CompleteWhenDrained();
        }
    }

    /// <summary>Takes nothing in any more and drops what is delayed; what waits is still handed out.</summary>
    public void ShutDown()
    {
        _delayed.Dispose();
        lock (_gate)
        {
            _shutDown = true;
            CompleteWhenDrained();
        }
    }

    /// <inheritdoc />
    public void Dispose() => ShutDown();

    /// <summary>A key that a worker has may have to come again; until then the channel stays open.</summary>
    private void CompleteWhenDrained()
    {
        if (_shutDown && !_taken.Overlaps(_wanted))
            _ready.Writer.TryComplete();
    }
}
