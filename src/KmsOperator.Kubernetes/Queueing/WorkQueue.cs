using System.Threading.Channels;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Keys that wait for a worker. A key waits at most once, is never with two workers at a time, and is never lost: if it is added while a
/// worker has it, it is handed out again after the worker is done. Keys can belong to flows. Flows take turns (fair queuing), so that a flow
/// with many keys or slow keys does not delay the others. Thread-safe.
/// </summary>
/// <typeparam name="TKey">Identifies what a worker works on.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ReadyKeys<TKey> _ready;
    // Takers wait on this channel. It has an item while a key can be taken, and it is complete when no key will ever come again.
    private readonly Channel<bool> _signal = Channel.CreateUnbounded<bool>();
    // Wanted keys were added and no worker has them yet; taken keys are with a worker. A key that is wanted and not taken is in _ready.
    private readonly Dictionary<TKey, (string? Flow, long Since)> _wanted = [];
    private readonly Dictionary<TKey, ReadyKeys<TKey>.Flow> _taken = [];
    // Failures of each key by their reason, and when the next retry after them is due.
    private readonly Dictionary<TKey, Dictionary<string, (int Count, long RetryAt)>> _failures = [];
    private readonly DelayedKeys<TKey> _delayed;
    private readonly Backoff _backoff;
    private readonly Func<TKey, string?>? _flowOf;
    private readonly Func<TKey, bool>? _accepts;
    private long _adds;
    private long _retries;
    private bool _shutDown;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="time">Clock of delays.</param>
    /// <param name="random">Source of the backoff's jitter.</param>
    /// <param name="firstBackoff">The delay after a first failure; 1 second when null.</param>
    /// <param name="longestBackoff">The longest delay after failures; 5 minutes when null.</param>
    /// <param name="flowOf">Returns the flow of a key when it is added; null if it has none. Without this function no key has a flow.</param>
    /// <param name="maxWorkersPerFlow">How many workers may have keys of one flow at the same time, 1 or more.</param>
    /// <param name="accepts">Whether a key is taken when it is added, or when its delay is over; null for all.</param>
    public WorkQueue(
        TimeProvider time,
        Random random,
        TimeSpan? firstBackoff = null,
        TimeSpan? longestBackoff = null,
        Func<TKey, string?>? flowOf = null,
        int maxWorkersPerFlow = int.MaxValue,
        Func<TKey, bool>? accepts = null)
    {
        _time = time;
        _ready = new(maxWorkersPerFlow);
        _flowOf = flowOf;
        _accepts = accepts;
        _backoff = new(firstBackoff ?? TimeSpan.FromSeconds(1), longestBackoff ?? TimeSpan.FromMinutes(5), random);
        _delayed = new(time, Add);
    }

    /// <summary>How many keys wait for a worker now. Delayed keys do not count.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    /// <summary>How many keys were added since the start. A key that was waiting already does not count.</summary>
    public long Adds => Interlocked.Read(ref _adds);

    /// <summary>How often <see cref="AddWithBackoff"/> was called since the start.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Called for each key that a worker gets, with the time that the key waited; null if nobody wants to know.</summary>
    public Action<TimeSpan>? Waited { get; set; }

    /// <summary>Puts a key at the end of its flow, unless it waits already.</summary>
    public void Add(TKey key)
    {
        // The caller's code, so it is not called under our lock.
        if (_accepts?.Invoke(key) == false)
            return;
        var flow = _flowOf?.Invoke(key);
        lock (_gate)
        {
            if (_shutDown || !_wanted.TryAdd(key, (flow, _time.GetTimestamp())))
                return;
            _adds++;
            if (!_taken.ContainsKey(key))
                _ready.Add(key, flow);
            Signal();
        }
    }

    /// <summary>Adds a key after a delay. If a key is delayed several times, the delay that ends first counts. <see cref="Add"/> does not cancel a delay.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            Add(key);
        else
            _delayed.Add(key, delay);
    }

    /// <summary>
    /// Adds a key after a delay that grows with each retry that fails, until <see cref="Forget"/> is called. A failure before the next retry is due does not count:
    /// events woke the key meanwhile, and ten events in a second must not make it wait for minutes.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="reason">
    /// Why it failed. Each reason has a delay of its own: what could not be done for an hour, and then fails once for another reason, is tried again within seconds.
    /// </param>
    /// <returns>The delay.</returns>
    public TimeSpan AddWithBackoff(TKey key, string reason)
    {
        TimeSpan delay;
        lock (_gate)
        {
            _retries++;
            var now = _time.GetTimestamp();
            if (!_failures.TryGetValue(key, out var failures))
                _failures[key] = failures = [];
            var (count, retryAt) = failures.GetValueOrDefault(reason);
            if (count > 0 && now < retryAt)
            {
                delay = _time.GetElapsedTime(now, retryAt);
            }
            else
            {
                delay = _backoff.After(count + 1);
                failures[reason] = (count + 1, now + (long)Math.Ceiling(delay.TotalSeconds * _time.TimestampFrequency));
            }
        }

        // Also where the retry is the same as before: an earlier delay of the key may have taken its place and be over.
        AddAfter(key, delay);
        return delay;
    }

    /// <summary>Resets the key's backoff: its next failure counts as the first. The key stays in the queue.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
            _failures.Remove(key);
    }

    /// <summary>
    /// Waits for a key. Flows take turns; inside a flow the key that was added first comes first. The taker must call
    /// <see cref="Done"/> afterwards, also after a failure.
    /// </summary>
    /// <returns>True and the key; false once the queue is shut down and empty.</returns>
    public async ValueTask<(bool Taken, TKey Key)> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellationToken))
        {
            TKey next;
            TimeSpan waited;
            lock (_gate)
            {
                // Another taker may have been faster, or the flow may have been throttled since the signal.
                waited = TimeSpan.Zero;
                var taken = _signal.Reader.TryRead(out _) & _ready.TryTake(out var key, out var flow);
                if (taken)
                {
                    _wanted.Remove(key!, out var wanted);
                    waited = _time.GetElapsedTime(wanted.Since);
                    _taken.Add(key!, flow!);
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
    /// Reports what a worker met with a taken key. After <see cref="FlowOutcome.Throttled"/> the key's flow gets at most two workers; each
    /// <see cref="FlowOutcome.Served"/> gives it one more.
    /// </summary>
    public void Report(TKey key, FlowOutcome outcome)
    {
        lock (_gate)
        {
            _ready.Report(FlowOfTaken(key), outcome);
            Signal();
        }
    }

    /// <summary>Gives a taken key back. If it was added in the meantime, it now waits behind the other keys of its flow.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            var flow = FlowOfTaken(key);
            _taken.Remove(key);
            if (_wanted.TryGetValue(key, out var next))
                _ready.Add(key, next.Flow);
            _ready.GiveBack(flow);
            Signal();
        }
    }

    /// <summary>Accepts no more keys and drops the delayed ones. Keys that wait are still handed out.</summary>
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

    private ReadyKeys<TKey>.Flow FlowOfTaken(TKey key) =>
        _taken.TryGetValue(key, out var flow) ? flow : throw new InvalidOperationException($"'{key}' is not with a worker.");

    /// <summary>Wakes the takers if there is a key for them, or if there will never be one again.</summary>
    private void Signal()
    {
        if (_ready.CanTake && _signal.Reader.Count == 0)
            _signal.Writer.TryWrite(true);
        if (_shutDown && _wanted.Count == 0)
            _signal.Writer.TryComplete();
    }
}
