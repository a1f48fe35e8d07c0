namespace KmsOperator.Aws;

/// <summary>
/// A token bucket for one kind of request. It tells each request when it may be sent. Its rate goes down when KMS throttles, and recovers
/// slowly. Thread-safe.
/// </summary>
/// <remarks>
/// Its state is the time of the next free slot (the generic cell rate algorithm), not a number of tokens. A change of the rate therefore
/// does not change the slots that were given out before.
/// </remarks>
internal sealed class TokenBucket
{
    private const double Floor = 0.05;
    private const double RecoveryStep = 0.05;
    private const double RecoveryPeriod = 1;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly double _fullRate;
    private double _rate;
    private double _nextSlot = double.NegativeInfinity;
    private double _slowedAt = double.NegativeInfinity;
    private double _changedAt = double.NegativeInfinity;

    /// <summary>Creates a bucket at its full rate; a burst of one second's requests may be sent at once.</summary>
    /// <param name="fullRate">The highest rate in requests per second; more than zero.</param>
    /// <param name="time">The clock.</param>
    public TokenBucket(double fullRate, TimeProvider time)
    {
        _time = time;
        _origin = time.GetTimestamp();
        _rate = _fullRate = fullRate;
    }

    /// <summary>The present rate in requests per second.</summary>
    public double Rate
    {
        get
        {
            lock (_lock)
            {
                return _rate;
            }
        }
    }

    /// <summary>Takes the next slot, unless it is too far away.</summary>
    /// <param name="maxWait">The longest wait.</param>
    /// <returns>How long to wait for the slot. Null if that is longer than <paramref name="maxWait"/>; then no slot is taken.</returns>
    public TimeSpan? Take(TimeSpan maxWait)
    {
        lock (_lock)
        {
            var now = Now();

            // Unused slots of the last second may be used as a burst; one request may always go after a pause.
            var savings = Math.Max(0, 1 - (1 / _rate));
            var slot = Math.Max(_nextSlot, now - savings);
            var wait = TimeSpan.FromSeconds(Math.Max(0, slot - now));
            if (wait > maxWait)
            {
                return null;
            }

            _nextSlot = slot + (1 / _rate);
            return wait;
        }
    }

    /// <summary>KMS throttled a request: halves the rate.</summary>
    /// <param name="sentAt">When the request was sent. If that was before the last halving, it tells nothing about the rate since then.</param>
    public void SlowDown(long sentAt)
    {
        lock (_lock)
        {
            if (SinceOrigin(sentAt) >= _slowedAt)
            {
                _rate = Math.Max(_rate / 2, _fullRate * Floor);
                _slowedAt = _changedAt = Now();
            }
        }
    }

    /// <summary>KMS answered a request without throttling: raises the rate by 5 % of the full rate, once a second at most.</summary>
    public void Recover()
    {
        lock (_lock)
        {
            if (_rate < _fullRate && Now() - _changedAt >= RecoveryPeriod)
            {
                _rate = Math.Min(_rate + (_fullRate * RecoveryStep), _fullRate);
                _changedAt = Now();
            }
        }
    }

    private double Now() => SinceOrigin(_time.GetTimestamp());

    private double SinceOrigin(long timestamp) => _time.GetElapsedTime(_origin, timestamp).TotalSeconds;
}
