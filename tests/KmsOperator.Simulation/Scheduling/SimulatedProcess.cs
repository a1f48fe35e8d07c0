namespace KmsOperator.Simulation.Scheduling;

/// <summary>One process of a simulation: an operator, or whoever else acts. It can be killed, stopped and continued.</summary>
internal sealed class SimulatedProcess
{
    private readonly Scheduler _scheduler;

    /// <param name="scheduler">Runs it.</param>
    /// <param name="number">Tells it from the others in the trace.</param>
    /// <param name="name">For people.</param>
    /// <param name="wallClockOffset">How far its wall clock is ahead of the others' at the start.</param>
    public SimulatedProcess(Scheduler scheduler, int number, string name, TimeSpan wallClockOffset = default)
    {
        _scheduler = scheduler;
        Number = number;
        Name = name;
        Time = new ProcessClock(scheduler, this) { WallClockOffset = wallClockOffset };
        Context = new ProcessContext(this);
    }

    /// <summary>Tells it from the others in the trace.</summary>
    public int Number { get; }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Its clock and timers.</summary>
    public ProcessClock Time { get; }

    /// <summary>Where its awaits come back to.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>False once it was killed.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Whether it is stopped, as by SIGSTOP.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>When it last went on after a stop; null if it was never stopped.</summary>
    public TimeSpan? ResumedAt { get; private set; }

    /// <summary>Runs something as part of this process, as its own step.</summary>
    public void Start(Action action) =>
        _scheduler.Add(new ReadyWork(this, static state => ((Action)state!)(), action, InContext: true));

    /// <summary>
    /// Lets an answer from outside in, as its own step: without context, so that what awaits it with <c>ConfigureAwait(false)</c> goes on
    /// inside this step.
    /// </summary>
    public void Deliver(Action action) =>
        _scheduler.Add(new ReadyWork(this, static state => ((Action)state!)(), action, InContext: false));

    /// <summary>Like <see cref="Deliver(Action)"/>, after a time.</summary>
    public void Deliver(TimeSpan after, Action action) => Time.CreateTimer(static state => ((Action)state!)(), action, after, Timeout.InfiniteTimeSpan);

    /// <summary>Ends it as SIGKILL does: nothing of it goes on, nothing is disposed.</summary>
    public void Kill()
    {
        IsAlive = false;
        _scheduler.Drop(this);
    }

    /// <summary>Stops it as SIGSTOP does: what is ready waits, timers become due, time goes on.</summary>
    public void Pause() => IsPaused = true;

    /// <summary>Lets it go on as SIGCONT does.</summary>
    public void Resume()
    {
        if (IsPaused)
            ResumedAt = _scheduler.Elapsed;
        IsPaused = false;
    }

    private sealed class ProcessContext(SimulatedProcess process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            process._scheduler.Add(new ReadyWork(process, d, state, InContext: true));

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException("Nothing in a simulation waits for a thread.");

        public override SynchronizationContext CreateCopy() => this;
    }
}
