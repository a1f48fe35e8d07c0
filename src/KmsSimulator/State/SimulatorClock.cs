namespace KmsSimulator.State;

/// <summary>The time that keys live in: the given clock's plus what <c>/_sim/clock</c> added.</summary>
internal sealed class SimulatorClock(TimeProvider inner) : TimeProvider
{
    private long _aheadTicks;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _aheadTicks));

    /// <summary>Moves the time forward.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

    /// <summary>Back to the given clock.</summary>
    public void Reset() => Volatile.Write(ref _aheadTicks, 0);
}
