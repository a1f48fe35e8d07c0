using System.Runtime.CompilerServices;

namespace KmsOperator.Testing.Running;

/// <summary>
/// A thread and a clock that a test drives. Code that is started here goes on only while one of these methods runs, on the test's own thread,
/// and the clock moves only from one timer to the next. So each run of a test is the same, and none waits for real time.
/// </summary>
/// <remarks>Everything of a test must stay on its own thread: call <c>Cancel</c> rather than <c>CancelAsync</c>, which goes on on another one.</remarks>
public sealed class TestThread
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private readonly SingleThread _thread = new(staysOnThread: true);

    /// <summary>The clock of the code under test.</summary>
    public TestClock Clock { get; } = new();

    /// <summary>Starts work on this thread. It runs up to its first wait.</summary>
    /// <returns>The work.</returns>
    public TTask Start<TTask>(Func<TTask> work)
        where TTask : Task => _thread.Start(work);

    /// <summary>Runs what can go on while the clock stands still, until nothing can.</summary>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public void RunUntilIdle() => _thread.RunUntilIdle();

    /// <summary>Lets everything run for a time, with each timer at its own moment.</summary>
    /// <param name="duration">How far the clock is moved in all.</param>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public void RunFor(TimeSpan duration)
    {
        var end = Clock.GetUtcNow() + duration;
        RunUntilIdle();
        while (Clock.NextTimer is { } next && next <= end)
        {
            Clock.AdvanceTo(next);
            RunUntilIdle();
        }
        Clock.AdvanceTo(end);
    }

    /// <summary>Lets everything run until a condition holds, for one hour of the clock at most.</summary>
    /// <param name="condition">The condition. It is asked when nothing can go on, before the clock moves to the next timer.</param>
    /// <param name="text">The condition as the test has it; given by the compiler.</param>
    /// <returns>How far the clock was moved.</returns>
    /// <exception cref="InvalidOperationException">The condition did not hold in time, or something went on on another thread.</exception>
    public TimeSpan RunUntil(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? text = null)
    {
        var began = Clock.GetUtcNow();
        RunUntilIdle();
        while (!condition())
        {
            var next = Clock.NextTimer
                ?? throw new InvalidOperationException($"After {Clock.GetUtcNow() - began}, nothing waits for the clock any more, and this does not hold: {text}");
            if (next - began > Longest)
                throw new InvalidOperationException($"After {Longest}, this still does not hold: {text}");
            Clock.AdvanceTo(next);
            RunUntilIdle();
        }
        return Clock.GetUtcNow() - began;
    }

    /// <summary>Moves the clock at once, while nothing runs, as when the process stands still. Then runs what can go on.</summary>
    /// <param name="duration">How long the process stands still.</param>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public void StandStill(TimeSpan duration)
    {
        Clock.AdvanceTo(Clock.GetUtcNow() + duration);
        RunUntilIdle();
    }

    /// <summary>Runs work to its end while the clock stands still. What the work throws, this throws.</summary>
    /// <exception cref="InvalidOperationException">The work did not end, or something went on on another thread.</exception>
    public void Finish(Task work)
    {
        RunUntilIdle();
        if (!work.IsCompleted)
            throw new InvalidOperationException($"The work has not ended. The next timer is due at {Clock.NextTimer:O}; it is {Clock.GetUtcNow():O}.");
        work.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Finish(Task)" />
    /// <returns>The work's result.</returns>
    public T Finish<T>(Task<T> work)
    {
        Finish((Task)work);
        return work.Result;
    }
}
