namespace KmsOperator.Simulation.Scheduling;

/// <summary>A process's clocks: a monotonic one, which all share, and a wall clock that can be wrong and jump.</summary>
internal sealed class ProcessClock(Scheduler scheduler, SimulatedProcess process) : TimeProvider
{
    /// <summary>How far the wall clock is ahead.</summary>
    public TimeSpan WallClockOffset { get; set; }

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc />
    public override long GetTimestamp() => scheduler.Now;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => Scheduler.Epoch + scheduler.Elapsed + WallClockOffset;

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        scheduler.RequireThread();
        var timer = new VirtualTimer(scheduler, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
