namespace KmsSimulator.Model;

/// <summary>The simulator's time: the machine's, moved forward as the admin interface asks.</summary>
internal sealed class SimulatorClock(TimeProvider time)
{
    private long _offsetTicks;

    /// <summary>Now.</summary>
    public DateTimeOffset Now => time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offsetTicks));

    /// <summary>Moves time forward.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _offsetTicks, by.Ticks);

    /// <summary>Back to the machine's time.</summary>
    public void Reset() => Interlocked.Exchange(ref _offsetTicks, 0);
}
