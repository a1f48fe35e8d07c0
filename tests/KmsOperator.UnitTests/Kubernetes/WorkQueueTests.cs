using KmsOperator.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new(_time, new Random(1));

    public void Dispose() => _queue.Dispose();

    [Fact]
    public void Keys_come_in_the_order_in_which_they_were_added_and_each_once()
    {
        foreach (var key in (string[])["a", "b", "a", "c", "b"])
            _queue.Add(key);

        Assert.Equal(3, _queue.Depth);
        Assert.Equal(3, _queue.Adds);
        Assert.Equal(["a", "b", "c"], [Take(), Take(), Take()]);
        Assert.Null(TryTake());
    }

    [Fact]
    public void A_key_that_is_added_while_a_worker_has_it_comes_again_when_the_worker_is_done()
    {
        _queue.Add("a");
        Take();
        _queue.Add("a");
        _queue.Add("a");
        Assert.Null(TryTake());

        _queue.Done("a");

        Assert.Equal("a", Take());
        _queue.Done("a");
        Assert.Null(TryTake());
    }

    [Fact]
    public void Of_several_delays_the_one_that_ends_first_counts()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(30));
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.AddAfter("a", TimeSpan.FromSeconds(20));

        _time.Advance(TimeSpan.FromSeconds(9.999));
        Assert.Null(TryTake());
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal("a", Take());
        _queue.Done("a");
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(TryTake());
    }

    [Fact]
    public void A_delayed_key_is_added_also_when_it_was_worked_on_in_the_meantime()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.Add("a");
        Take();
        _queue.Done("a");

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("a", Take());
    }

    [Fact]
    public void Delays_of_months_and_of_nothing_are_kept()
    {
        _queue.AddAfter("months", TimeSpan.FromDays(100));
        _queue.AddAfter("nothing", TimeSpan.Zero);
        _queue.AddAfter("less", TimeSpan.FromSeconds(-1));
        Assert.Equal(["nothing", "less"], [Take(), Take()]);

        _time.Advance(TimeSpan.FromDays(99));
        Assert.Null(TryTake());
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("months", Take());
    }

    [Fact]
    public void The_backoff_doubles_from_one_second_to_five_minutes_and_starts_anew_when_forgotten()
    {
        var delays = new List<double>();
        for (var i = 0; i < 2000; i++)
        {
            var delay = _queue.AddWithBackoff("a", "broken");
            delays.Add(delay.TotalSeconds);
            _time.Advance(delay + TimeSpan.FromMilliseconds(1));
        }

        for (var i = 0; i < delays.Count; i++)
            Assert.InRange(delays[i], Full(i), Full(i) * 1.2);
        Assert.Equal(2000, _queue.Retries);
        // Scattered: those who failed together do not come back together.
        Assert.NotEqual(_queue.AddWithBackoff("b", "broken"), _queue.AddWithBackoff("c", "broken"));
        _queue.Forget("a");
        Assert.InRange(_queue.AddWithBackoff("a", "broken").TotalSeconds, 1, 1.2);

        static double Full(int failures) => Math.Min(Math.Pow(2, failures), 300);
    }

    [Fact]
    public void Failures_of_a_key_that_events_woke_before_its_retry_neither_delay_nor_lengthen_the_retry()
    {
        var first = _queue.AddWithBackoff("a", "broken");
        _time.Advance(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 10; i++)
        {
            _queue.Add("a");
            Assert.Equal("a", Take());
            Assert.InRange(_queue.AddWithBackoff("a", "broken").TotalSeconds, first.TotalSeconds - 0.101, first.TotalSeconds - 0.099);
            _queue.Done("a");
        }

        _time.Advance(first - TimeSpan.FromMilliseconds(99));
        Assert.Equal("a", Take());
        Assert.InRange(_queue.AddWithBackoff("a", "broken").TotalSeconds, 2, 2.4);
    }

    [Fact]
    public void A_retry_is_not_lost_where_a_shorter_delay_took_its_place()
    {
        _queue.AddAfter("a", TimeSpan.FromMilliseconds(500));
        var retry = _queue.AddWithBackoff("a", "broken");
        _time.Advance(TimeSpan.FromMilliseconds(501));
        Assert.Equal("a", Take());
        _queue.AddWithBackoff("a", "broken");
        _queue.Done("a");

        _time.Advance(retry);
        Assert.Equal("a", Take());
    }

    [Fact]
    public async Task A_queue_that_is_shut_down_hands_out_what_it_has_and_takes_nothing_in()
    {
        _queue.Add("a");
        _queue.Add("b");
        _queue.AddAfter("delayed", TimeSpan.FromSeconds(1));
        Assert.Equal("a", Take());
        _queue.Add("a");

        _queue.ShutDown();
        _queue.Add("late");
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("b", Take());
        var waiting = _queue.TakeAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        _queue.Done("a");
        Assert.Equal((true, "a"), await waiting);
        _queue.Done("a");
        _queue.Done("b");
        Assert.False((await _queue.TakeAsync(CancellationToken.None)).Taken);
    }

    [Fact]
    public async Task A_taker_that_gives_up_takes_nothing_with_it()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _queue.TakeAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask());

        _queue.Add("a");

        Assert.Equal("a", Take());
    }

    [Fact]
    public void A_key_that_nobody_took_cannot_be_given_back() =>
        Assert.Throws<InvalidOperationException>(() => _queue.Done("a"));

    private string Take() => TryTake() ?? throw new InvalidOperationException("The queue is empty.");

    private string? TryTake()
    {
        using var cancelled = new CancellationTokenSource();
        var taken = _queue.TakeAsync(cancelled.Token);
        if (taken.IsCompletedSuccessfully)
            return taken.Result.Key;
        cancelled.Cancel();
        return null;
    }
}
