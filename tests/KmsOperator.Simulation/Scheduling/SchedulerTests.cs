using System.Threading.Channels;

namespace KmsOperator.Simulation.Scheduling;

public sealed class SchedulerTests
{
    private static readonly long Hour = TimeSpan.FromHours(1).Ticks;

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_seed_another_one()
    {
        Assert.Equal(Run(1), Run(1));
        Assert.True(Enumerable.Range(1, 20).Select(Run).Distinct().Count() > 10);
    }

    [Fact]
    public void Timers_fire_in_the_order_of_their_time()
    {
        var (scheduler, process) = World(1);
        List<int> fired = [];
        process.Start(() =>
        {
            foreach (var seconds in (int[])[3, 1, 2])
                process.Time.CreateTimer(_ => fired.Add(seconds), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
        });
        Finish(scheduler);
        Assert.Equal([1, 2, 3], fired);
    }

    [Fact]
    public void A_timer_that_is_changed_or_disposed_does_not_fire_as_it_was()
    {
        var (scheduler, process) = World(1);
        List<double> fired = [];
        var changed = process.Time.CreateTimer(_ => fired.Add(scheduler.Elapsed.TotalSeconds), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        changed.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        process.Time.CreateTimer(_ => fired.Add(-1), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan).Dispose();
        Finish(scheduler);
        Assert.Equal(5, Assert.Single(fired), 0.01);
    }

    [Fact]
    public void A_paused_process_does_nothing_while_time_goes_on()
    {
        var (scheduler, process) = World(1);
        var seen = TimeSpan.Zero;
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            seen = scheduler.Elapsed;
        });
        scheduler.Step(Hour);
        process.Pause();
        while (scheduler.Step(TimeSpan.FromSeconds(30).Ticks))
        {
        }

        Assert.Equal(TimeSpan.Zero, seen);
        process.Resume();
        Finish(scheduler);
        Assert.InRange(seen.TotalSeconds, 30, 31);
    }

    [Fact]
    public void A_killed_process_does_nothing_any_more()
    {
        var (scheduler, process) = World(1);
        var went = false;
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            went = true;
        });
        scheduler.Step(Hour);
        process.Kill();
        process.Start(() => went = true);
        Finish(scheduler);
        Assert.False(went);
    }

    [Fact]
    public void An_await_without_the_context_goes_on_inside_the_step_that_brings_the_answer()
    {
        var (scheduler, process) = World(1);
        var thread = 0;
        SynchronizationContext? after = null;
        process.Start(async () =>
        {
            await AnswerAsync(process);
            after = SynchronizationContext.Current;
        });
        Finish(scheduler);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        Assert.Same(process.Context, after);

        async Task AnswerAsync(SimulatedProcess asking)
        {
            var answer = new TaskCompletionSource();
            asking.Deliver(TimeSpan.FromSeconds(1), answer.SetResult);
            await answer.Task.ConfigureAwait(false);
            thread = Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public void A_clock_that_jumps_moves_no_timer()
    {
        var (scheduler, process) = World(1);
        var fired = TimeSpan.Zero;
        process.Time.CreateTimer(_ => fired = scheduler.Elapsed, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        process.Time.WallClockOffset = TimeSpan.FromHours(5);
        Assert.Equal(Scheduler.Epoch + TimeSpan.FromHours(5), process.Time.GetUtcNow());
        Finish(scheduler);
        Assert.InRange(fired.TotalSeconds, 60, 60.01);
    }

    [Fact]
    public void Whoever_enters_from_another_thread_fails_the_run()
    {
        var (scheduler, process) = World(1);
        var thread = new Thread(() => Assert.Throws<InvalidOperationException>(() => process.Start(() => { })));
        thread.Start();
        thread.Join();
        Assert.Throws<InvalidOperationException>(() => scheduler.Step(Hour));
    }

    /// <summary>Workers that take from one channel, each for a while: who gets what depends on every decision.</summary>
    private static string Run(int seed)
    {
        var (scheduler, process) = World(seed);
        var queue = Channel.CreateUnbounded<int>();
        List<string> log = [];
        foreach (var name in (string[])["a", "b", "c"])
        {
            process.Start(async () =>
            {
                while (await queue.Reader.WaitToReadAsync())
                {
                    while (queue.Reader.TryRead(out var item))
                    {
                        log.Add($"{name}{item}");
                        await Task.Yield();
                    }
                }
            });
        }

        process.Start(() =>
        {
            for (var item = 0; item < 10; item++)
                queue.Writer.TryWrite(item);
        });
        Finish(scheduler);
        Assert.Equal(10, log.Count);
        return $"{string.Join(" ", log)} {scheduler.Trace.Hash}";
    }

    private static (Scheduler Scheduler, SimulatedProcess Process) World(int seed)
    {
        var scheduler = new Scheduler(seed, new StepTrace(keepNotes: false));
        return (scheduler, new SimulatedProcess(scheduler, 1, "one"));
    }

    private static void Finish(Scheduler scheduler)
    {
        while (scheduler.Step(Hour))
        {
        }
    }
}
