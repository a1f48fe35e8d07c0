using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Running;

public sealed class TestThreadTests
{
    private readonly TestThread _thread = new();
    private readonly DateTimeOffset _began;
    private readonly List<double> _seconds = [];

    public TestThreadTests() => _began = _thread.Clock.GetUtcNow();

    [Fact]
    public void Work_goes_on_only_when_it_is_run_and_sees_each_timer_at_its_own_moment()
    {
        var work = _thread.Start(() => WaitAsync(3, 5));
        Assert.Equal([0], _seconds);

        _thread.RunFor(TimeSpan.FromSeconds(7));
        Assert.Equal([0, 3], _seconds);
        Assert.Equal(_began.AddSeconds(7), _thread.Clock.GetUtcNow());

        Assert.Equal(TimeSpan.FromSeconds(1), _thread.RunUntil(() => work.IsCompleted));
        Assert.Equal([0, 3, 8], _seconds);
    }

    [Fact]
    public void Work_that_stood_still_sees_only_the_time_after_it()
    {
        var work = _thread.Start(() => WaitAsync(3));

        _thread.StandStill(TimeSpan.FromMinutes(1));

        _thread.Finish(work);
        Assert.Equal([0, 60], _seconds);
    }

    [Theory]
    [InlineData(10, "After 01:00:00, this still does not hold: () => isDone", "the work waits again and again")]
    [InlineData(0, "After 00:00:00, nothing waits for the clock any more, and this does not hold: () => isDone", "the work has ended")]
    public void A_condition_that_never_holds_is_an_error_that_names_it(int seconds, string message, string why)
    {
        var isDone = false;
        _ = _thread.Start(() => WaitAsync([.. Enumerable.Repeat(seconds, 1000)]));

        var error = Assert.Throws<InvalidOperationException>(() => _thread.RunUntil(() => isDone));

        Assert.True(error.Message == message, $"{why}: {error.Message}");
    }

    [Fact]
    public void Work_that_still_waits_has_no_end()
    {
        var work = _thread.Start(() => WaitAsync(3));

        Assert.Throws<InvalidOperationException>(() => _thread.Finish(work));
        Assert.Equal([0], _seconds);
    }

    [Fact]
    public void Work_that_another_thread_woke_is_an_error()
    {
        var signal = new TaskCompletionSource();
        _ = _thread.Start(async () => await signal.Task);
        var other = new Thread(signal.SetResult);
        other.Start();
        other.Join();

        var error = Assert.Throws<InvalidOperationException>(_thread.RunUntilIdle);

        Assert.StartsWith("Something went on on another thread:", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Waits for each of these times, and notes after how many seconds it went on.</summary>
    private async Task WaitAsync(params int[] seconds)
    {
        Note();
        foreach (var wait in seconds)
        {
            await Task.Delay(TimeSpan.FromSeconds(wait), _thread.Clock, CancellationToken.None);
            Note();
        }
    }

    private void Note() => _seconds.Add((_thread.Clock.GetUtcNow() - _began).TotalSeconds);
}
