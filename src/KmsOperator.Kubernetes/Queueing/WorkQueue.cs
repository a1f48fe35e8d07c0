using System.Threading.Channels;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Keys that wait for a worker: each at most once, none with two workers at a time, none lost. A key that is added while a worker has it
/// comes again when the worker is done. Keys may be in groups, which take turns, so that many keys of one group, or slow ones, do not keep
/// the others waiting. Thread-safe.
/// </summary>
/// <typeparam name="TKey">What is to be worked on.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ReadyKeys<TKey> _ready;
    // Not empty while a key can be taken, and complete when none will be any more: what takers wait on.
    private readonly Channel<bool> _signal = Channel.CreateUnbounded<bool>();
    // Wanted: added, and not yet with a worker; with its group and the time. Taken: with a worker. A key is ready when it is wanted and not taken.
    private readonly Dictionary<TKey, (string? Group, long Since)> _wanted = [];
    private readonly Dictionary<TKey, ReadyKeys<TKey>.Group> _taken = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly DelayedKeys<TKey> _delayed;
    private readonly Backoff _backoff;
    private readonly Func<TKey, string?>? _groupOf;
    private long _adds;
    private long _retries;
    private bool _shutDown;

    /// <summary>An empty queue.</summary>
    /// <param name="time">Clock of delays.</param>
    /// <param name="random">Scatters the backoff.</param>
    /// <param name="firstBackoff">The delay after a first failure; 1 second when null.</param>
    /// <param name="longestBackoff">Where the doubling ends; 5 minutes when null.</param>
    /// <param name="groupOf">A key's group at the time it is added; null for none. Without it no key has a group.</param>
    /// <param name="largestGroup">How many workers may have keys of one group at the same time, 1 or more.</param>
    public WorkQueue(
        TimeProvider time,
        Random random,
        TimeSpan? firstBackoff = null,
        TimeSpan? longestBackoff = null,
        Func<TKey, string?>? groupOf = null,
        int largestGroup = int.MaxValue)
    {
        _time = time;
        _ready = new(largestGroup);
        _groupOf = groupOf;
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

    /// <summary>Told, for each key that a worker gets, how long it waited; null for nobody.</summary>
    public Action<TimeSpan>? Waited { get; set; }

    /// <summary>Puts a key at the end of its group, unless it waits already.</summary>
    public void Add(TKey key)
    {
        // Foreign code, so not under the lock.
        var group = _groupOf?.Invoke(key);
        lock (_gate)
        {
            if (_shutDown || !_wanted.TryAdd(key, (group, _time.GetTimestamp())))
                return;
            _adds++;
            if (!_taken.ContainsKey(key))
                _ready.Add(key, group);
            Signal();
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

    /// <summary>
    /// Waits for a key: groups take turns, and inside a group the first that came is the first. The taker calls <see cref="Done"/>
    /// afterwards, whatever came of it.
    /// </summary>
    /// <returns>The key; nothing taken once the queue is shut down and empty.</returns>
    public async ValueTask<(bool Taken, TKey Key)> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellationToken))
        {
            TKey next;
            TimeSpan waited;
            lock (_gate)
            {
                // Another taker may have been faster, or the group is held up since.
                waited = TimeSpan.Zero;
                var taken = _signal.Reader.TryRead(out _) & _ready.TryTake(out var key, out var group);
                if (taken)
                {
                    _wanted.Remove(key!, out var wanted);
                    waited = _time.GetElapsedTime(wanted.Since);
                    _taken.Add(key!, group!);
                }
                Signal();
                if (!taken)
                    continue;
                next = key!;
            }
            Waited?.Invoke(waited);
            return (true, next);
        }
        return (false, default!);
    }

    /// <summary>
    /// Tells what a taken key's worker met, if that concerns the key's whole group: false, and the group has two workers at most from now
    /// on; true, and it may have one more each time.
    /// </summary>
    public void Report(TKey key, bool served)
    {
        lock (_gate)
        {
            _ready.Report(GroupOfTaken(key), served);
            Signal();
        }
    }

    /// <summary>Gives a taken key back; if it was added in the meantime, it is next in line behind those that wait.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            var group = GroupOfTaken(key);
            _taken.Remove(key);
            if (_wanted.TryGetValue(key, out var next))
                _ready.Add(key, next.Group);
            _ready.GiveBack(group);
            Signal();
        }
    }

    /// <summary>Takes nothing in any more and drops what is delayed; what waits is still handed out.</summary>
    public void ShutDown()
    {
        _delayed.Dispose();
        lock (_gate)
        {
            _shutDown = true;
            Signal();
        }
    }

    /// <inheritdoc />
    public void Dispose() => ShutDown();

    private ReadyKeys<TKey>.Group GroupOfTaken(TKey key) =>
        _taken.TryGetValue(key, out var group) ? group : throw new InvalidOperationException($"'{key}' is not with a worker.");

    /// <summary>Wakes the takers when there is something for them, or never will be.</summary>
    private void Signal()
    {
        if (_ready.CanTake && _signal.Reader.Count == 0)
            _signal.Writer.TryWrite(true);
        if (_shutDown && _wanted.Count == 0)
            _signal.Writer.TryComplete();
    }
}
