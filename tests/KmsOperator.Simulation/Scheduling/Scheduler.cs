namespace KmsOperator.Simulation.Scheduling;

/// <summary>
/// Runs everything of one simulation on one thread, under one virtual clock: whatever is ready to go on waits in a list, and the seed picks
/// what goes next. When nothing is ready, the clock moves to the next timer. The same seed and code give the same run, step by step.
/// </summary>
internal sealed class Scheduler
{
    /// <summary>What the wall clocks show when a run begins.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    // Each step takes a little time, so that a loop without waiting does not stand still in time.
    private static readonly long StepTicks = TimeSpan.FromMicroseconds(20).Ticks;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<ReadyWork> _ready = [];
    private readonly PriorityQueue<TimerFiring, (long Due, long Order)> _timers = new();
    private readonly Random _random;
    private readonly StepTrace _trace;
    private long _timersMade;
    private string? _foreignThread;

    /// <param name="seed">Decides who goes next.</param>
    /// <param name="trace">Told of every step.</param>
    public Scheduler(int seed, StepTrace trace)
    {
#pragma warning disable RS0030 // This is where the seed becomes randomness.
        _random = new Random(seed);
#pragma warning restore RS0030
        _trace = trace;
    }

    /// <summary>Ticks of 100 ns since the run began.</summary>
    public long Now { get; private set; }

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Now);

    /// <summary>Steps since the run began.</summary>
    public long Steps { get; private set; }

    /// <summary>The trace of the run.</summary>
    public StepTrace Trace => _trace;

    /// <summary>Does one step: one continuation, or the next timer becoming due.</summary>
    /// <param name="until">The clock is not moved past this.</param>
    /// <returns>False when nothing is ready and no timer is due until then; the clock shows <paramref name="until"/> then.</returns>
    /// <exception cref="InvalidOperationException">Something ran on another thread: the run is not reproducible.</exception>
    public bool Step(long until)
    {
        RequireThread();
        ReleaseTimers();
        var runnable = CountRunnable();
        if (runnable == 0)
        {
            if (!NextTimer(out var due) || due > until)
            {
                Now = Math.Max(Now, until);
                return false;
            }

            Now = Math.Max(Now, due);
            return true;
        }

        var work = TakeRunnable(runnable == 1 ? 0 : _random.Next(runnable));
        Steps++;
        Now += StepTicks;
        _trace.Step(work.Process.Number, Now);
        work.Run();
        RequireThread();
        return true;
    }

    /// <summary>Takes work in that is ready to go on.</summary>
    internal void Add(in ReadyWork work)
    {
        RequireThread();
        if (work.Process.IsAlive)
            _ready.Add(work);
    }

    /// <summary>Arranges for a timer to fire.</summary>
    internal void Add(TimerFiring firing, long due)
    {
        RequireThread();
        _timers.Enqueue(firing, (due, _timersMade++));
    }

    /// <summary>Forgets what a process would have done.</summary>
    internal void Drop(SimulatedProcess process) => _ready.RemoveAll(work => work.Process == process);

    /// <summary>Fails the run if the caller is on another thread than everything else.</summary>
    internal void RequireThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // Whoever is there may have nobody to tell: the run itself fails with its next step.
            _foreignThread = Environment.StackTrace;
            throw new InvalidOperationException("The simulation was entered from another thread.");
        }

        if (_foreignThread is not null)
            throw new InvalidOperationException($"Something ran on another thread:\n{_foreignThread}");
    }

    private void ReleaseTimers()
    {
        while (_timers.TryPeek(out var firing, out var at) && at.Due <= Now)
        {
            _timers.Dequeue();
            if (firing.IsCurrent)
                firing.Release();
        }
    }

    private bool NextTimer(out long due)
    {
        while (_timers.TryPeek(out var firing, out var at))
        {
            if (firing.IsCurrent)
            {
                due = at.Due;
                return true;
            }

            _timers.Dequeue();
        }

        due = 0;
        return false;
    }

    private int CountRunnable()
    {
        var count = 0;
        foreach (var work in _ready)
            count += work.Process.IsPaused ? 0 : 1;
        return count;
    }

    private ReadyWork TakeRunnable(int number)
    {
        for (var i = 0; ; i++)
        {
            if (_ready[i].Process.IsPaused || number-- > 0)
                continue;
            var work = _ready[i];
            _ready.RemoveAt(i);
            return work;
        }
    }
}
