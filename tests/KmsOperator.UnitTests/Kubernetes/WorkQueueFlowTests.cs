using KmsOperator.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Keys are named <c>flow/name</c>, or have no flow.</summary>
public sealed class WorkQueueFlowTests : IDisposable
{
    private readonly WorkQueue<string> _queue = new(
        new FakeTimeProvider(), new Random(1), flowOf: key => key.Split('/') is [var flow, _] ? flow : null);

    public void Dispose() => _queue.Dispose();

    [Fact]
    public void Flows_take_turns_and_inside_a_flow_keys_come_in_order()
    {
        Add("a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "c/1");

        Assert.Equal(["a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4"], TakeAll());
    }

    [Fact]
    public void With_one_worker_a_flow_that_comes_back_at_once_does_not_go_first()
    {
        Add("a/1", "a/2", "b/1");
        var taken = new List<string>();
        while (taken.Count < 6)
        {
            var key = TryTake()!;
            taken.Add(key);
            _queue.Done(key);
            if (key == "b/1")
                _queue.Add(key);
        }

        Assert.Equal(["a/1", "b/1", "a/2", "b/1", "b/1", "b/1"], taken);
    }

    [Fact]
    public void The_flow_with_the_fewest_workers_is_next_so_slow_keys_cannot_take_all_workers()
    {
        Add("slow/1", "slow/2", "slow/3", "slow/4", "fast/1", "fast/2", "fast/3");
        Assert.Equal(["slow/1", "fast/1", "slow/2", "fast/2"], [TryTake(), TryTake(), TryTake(), TryTake()]);

        // The fast one's worker comes back; the slow flow has two at work.
        _queue.Done("fast/1");

        Assert.Equal("fast/3", TryTake());
    }

    [Fact]
    public void A_throttled_flow_has_two_workers_and_one_more_with_each_success()
    {
        Add([.. Enumerable.Range(0, 12).Select(i => $"a/{i}")]);
        Assert.Equal("a/0", TryTake());
        _queue.Report("a/0", FlowOutcome.Throttled);
        _queue.Done("a/0");

        Assert.Equal(["a/1", "a/2"], TakeAll());
        _queue.Report("a/1", FlowOutcome.Served);
        _queue.Done("a/1");
        Assert.Equal(["a/3", "a/4"], TakeAll());
        _queue.Report("a/2", FlowOutcome.Throttled);
        _queue.Done("a/2");
        Assert.Empty(TakeAll());
        _queue.Done("a/3");
        Assert.Equal(["a/5"], TakeAll());
    }

    [Fact]
    public void Enough_successes_remove_the_limit()
    {
        Add("a/0");
        TryTake();
        _queue.Report("a/0", FlowOutcome.Throttled);
        for (var i = 0; i < 15; i++)
            _queue.Report("a/0", FlowOutcome.Served);
        Add([.. Enumerable.Range(1, 100).Select(i => $"a/{i}")]);

        Assert.Equal(100, TakeAll().Count);
    }

    [Fact]
    public void No_flow_has_more_workers_than_allowed_also_after_it_was_throttled()
    {
        using var queue = new WorkQueue<string>(
            new FakeTimeProvider(), new Random(1), flowOf: key => key == "free" ? null : "all", maxWorkersPerFlow: 3);
        for (var i = 0; i < 5; i++)
            queue.Add($"{i}");
        Assert.Equal(["0", "1", "2"], TakeAll(queue));
        queue.Add("free");
        Assert.Equal(["free"], TakeAll(queue));

        queue.Report("0", FlowOutcome.Throttled);
        for (var i = 0; i < 20; i++)
            queue.Report("0", FlowOutcome.Served);
        Assert.Empty(TakeAll(queue));
        queue.Done("0");

        Assert.Equal(["3"], TakeAll(queue));
    }

    [Fact]
    public void A_throttled_flow_does_not_limit_others_and_keys_without_a_flow_are_never_limited()
    {
        Add("a/0", "free0");
        TakeAll();
        _queue.Report("a/0", FlowOutcome.Throttled);
        _queue.Report("free0", FlowOutcome.Throttled);
        Add("a/1", "a/2", "a/3", "b/1", "b/2", "b/3", "free1", "free2", "free3");

        Assert.Equal(["a/1", "b/1", "b/2", "b/3", "free1", "free2", "free3"], TakeAll().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_queue_that_is_shut_down_still_hands_out_keys_that_a_limit_delayed()
    {
        Add("a/0");
        TryTake();
        _queue.Report("a/0", FlowOutcome.Throttled);
        _queue.Done("a/0");
        Add("a/1", "a/2", "a/3");
        _queue.ShutDown();
        Assert.Equal(["a/1", "a/2"], TakeAll());

        var waiting = _queue.TakeAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        _queue.Done("a/1");

        Assert.Equal((true, "a/3"), await waiting);
        Assert.False((await _queue.TakeAsync(CancellationToken.None)).Taken);
    }

    [Fact]
    public async Task A_key_goes_to_the_flow_that_it_had_when_it_was_added()
    {
        var flow = "a";
        using var queue = new WorkQueue<string>(new FakeTimeProvider(), new Random(1), flowOf: _ => flow);
        queue.Add("key");
        await queue.TakeAsync(CancellationToken.None);
        flow = "b";
        queue.Add("key");
        queue.Add("other");
        queue.Add("third");

        // Its worker reports on the flow it was taken from.
        queue.Report("key", FlowOutcome.Throttled);
        queue.Done("key");

        foreach (var key in (string[])["other", "third", "key"])
            Assert.Equal((true, key), await queue.TakeAsync(CancellationToken.None));
        Assert.Throws<InvalidOperationException>(() => queue.Report("nobody's", FlowOutcome.Served));
    }

    private void Add(params string[] keys)
    {
        foreach (var key in keys)
            _queue.Add(key);
    }

    private List<string> TakeAll() => TakeAll(_queue);

    private static List<string> TakeAll(WorkQueue<string> queue)
    {
        var all = new List<string>();
        while (TryTake(queue) is { } key)
            all.Add(key);
        return all;
    }

    private string? TryTake() => TryTake(_queue);

    private static string? TryTake(WorkQueue<string> queue)
    {
        using var cancelled = new CancellationTokenSource();
        var taken = queue.TakeAsync(cancelled.Token);
        if (taken.IsCompletedSuccessfully)
            return taken.Result.Key;
        cancelled.Cancel();
        return null;
    }
}
