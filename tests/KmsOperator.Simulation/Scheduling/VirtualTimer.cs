namespace KmsOperator.Simulation.Scheduling;

/// <summary>A timer of one process. It fires as a step of its own, without context, as the runtime's timers do.</summary>
internal sealed class VirtualTimer(Scheduler scheduler, SimulatedProcess process, TimerCallback callback, object? state) : ITimer
{
    private TimeSpan _period;

    /// <summary>Which setting of the timer counts: each change makes the ones before void.</summary>
    public int Setting { get; private set; }

    /// <summary>Whether its process can still be told.</summary>
    public bool IsAlive => process.IsAlive;

    /// <inheritdoc />
    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        scheduler.RequireThread();
        Setting++;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan)
            scheduler.Add(new TimerFiring(this, Setting), scheduler.Now + dueTime.Ticks);
        return true;
    }

    /// <inheritdoc />
    public void Dispose() => Setting++;

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Its time has come: the callback is ready to run.</summary>
    internal void Release(int setting)
    {
        scheduler.Add(new ReadyWork(process, static firing => ((TimerFiring)firing!).Fire(), new TimerFiring(this, setting), InContext: false));
        if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero)
            scheduler.Add(new TimerFiring(this, setting), scheduler.Now + _period.Ticks);
    }

    internal void Fire() => callback(state);
}

/// <summary>One setting of a timer.</summary>
internal sealed record TimerFiring(VirtualTimer Timer, int Setting)
{
    /// <summary>Whether the timer was neither changed nor disposed since.</summary>
    public bool IsCurrent => Timer.Setting == Setting && Timer.IsAlive;

    /// <summary>Makes the callback ready to run.</summary>
    public void Release() => Timer.Release(Setting);

    /// <summary>Calls it, unless the timer was changed meanwhile.</summary>
    public void Fire()
    {
        if (IsCurrent)
            Timer.Fire();
    }
}
