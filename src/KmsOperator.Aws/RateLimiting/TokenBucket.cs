namespace KmsOperator.Aws;

/// <summary>
/// The bucket of one kind of request: a token bucket that gives out the times at which requests may go. It slows down when KMS
/// throttles and recovers slowly. Thread-safe.
/// </summary>
/// <remarks>
/// It is kept as the time of the next free slot (the generic cell rate algorithm) rather than as a number of tokens, so that
/// a change of the rate leaves alone what was given out before it.
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

    /// <summary>A bucket at its full rate, with a burst saved up.</summary>
    /// <param name="fullRate">Requests per second at most; more than zero.</param>
    /// <param name="time">The clock.</param>
    public TokenBucket(double fullRate, TimeProvider time)
    {
        _time = time;
        _origin = time.GetTimestamp();
        _rate = _fullRate = fullRate;
    }

    /// <summary>Requests per second at present.</summary>
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

    /// <summary>Takes the next slot, if it is near enough.</summary>
    /// <param name="maxWait">The longest wait.</param>
    /// <returns>How long to wait for it; null when that is too long, and then nothing is taken.</returns>
    public TimeSpan? Take(TimeSpan maxWait)
    {
        lock (_lock)
        {
            var now = Now();

            // What was not used adds up to a burst of one second's worth, and of one request at least.
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

    /// <summary>KMS has throttled a request: half the rate from now on.</summary>
    /// <param name="sentAt">Timestamp of the request. One that was sent before the last halving says nothing of the rate since.</param>
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

    /// <summary>KMS has answered a request without throttling: a twentieth of the full rate comes back, once a second at most.</summary>
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
