namespace KmsOperator.Hosting;

/// <summary>
/// A clock without jumps, for waits that must not end early: a wait for KMS to show a write, or an answer that is too old to be used. Its time
/// goes on as the system's timestamps do. Where the system's time is set, this one follows, at most a tenth faster or slower than time passes.
/// </summary>
/// <param name="system">The clock that may jump. Its timestamps and timers are used as they are.</param>
internal sealed class SteadyClock(TimeProvider system) : TimeProvider
{
    private const double MostCorrection = 0.1;

    private readonly Lock _lock = new();
    private long _timestamp = system.GetTimestamp();
    private DateTimeOffset _now = system.GetUtcNow();

    /// <inheritdoc />
    public override long TimestampFrequency => system.TimestampFrequency;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => system.LocalTimeZone;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            var timestamp = system.GetTimestamp();
            var passed = system.GetElapsedTime(_timestamp, timestamp);
            var error = system.GetUtcNow() - (_now + passed);
            var most = passed * MostCorrection;
            _now += passed + (error > most ? most : error < -most ? -most : error);
            _timestamp = timestamp;
            return _now;
        }
    }

    /// <inheritdoc />
    public override long GetTimestamp() => system.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => system.CreateTimer(callback, state, dueTime, period);
}
