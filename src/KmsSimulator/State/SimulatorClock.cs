namespace KmsSimulator.State;

/// <summary>The time that keys live in: the given clock's plus what <c>/_sim/clock</c> added.</summary>
internal sealed class SimulatorClock(TimeProvider inner) : TimeProvider
{
    /// <summary>How far it can be ahead of the given clock in all: a century, so that no date ever overflows.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromDays(36_525);

    private long _aheadTicks;

    /// <summary>How far it is ahead of the given clock.</summary>
    public TimeSpan Ahead => TimeSpan.FromTicks(Volatile.Read(ref _aheadTicks));

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Ahead;

    /// <summary>Moves the time forward; false, and nothing is moved, if that were too far.</summary>
    public bool TryAdvance(TimeSpan by)
    {
        long before, after;
        do
        {
            before = Volatile.Read(ref _aheadTicks);
            after = before + by.Ticks;
            if (after > MaxAhead.Ticks)
                return false;
        }
        while (Interlocked.CompareExchange(ref _aheadTicks, after, before) != before);
        return true;
    }

    /// <summary>Back to the given clock.</summary>
    public void Reset() => Volatile.Write(ref _aheadTicks, 0);
}
