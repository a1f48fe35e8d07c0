using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ControllerTests : IAsyncDisposable
{
    private static readonly NamespacedName Key = new("ns", "a");
    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private Task _run = Task.CompletedTask;
    private int _reconciles;

    public ControllerTests() => _queue = new(_time, new Random(1));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
        _lost.Dispose();
        _queue.Dispose();
    }

    [Fact]
    public async Task An_object_that_is_done_is_not_looked_at_again()
    {
        Start((_, _) => ValueTask.FromResult(ReconcileResult.Done));
        _queue.Add(Key);
        await Waiting.UntilAsync(() => _reconciles == 1);

        await _time.RunUntilAsync(AfterSeconds(1000), TimeSpan.FromSeconds(50));

        Assert.Equal(1, _reconciles);
    }

    [Fact]
    public async Task An_object_is_looked_at_again_after_the_time_that_was_asked_for()
    {
        Start((_, _) => ValueTask.FromResult(ReconcileResult.RequeueAfter(TimeSpan.FromSeconds(60))));
        _queue.Add(Key);
        var began = _time.GetUtcNow();

        await _time.RunUntilAsync(() => _reconciles == 3, TimeSpan.FromSeconds(1));

        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(120));
        Assert.Equal(0, _queue.Retries);
    }

    [Theory]
    [InlineData("retry", "the reconciler asks for it")]
    [InlineData("exception", "whatever is thrown")]
    [InlineData("conflict", "somebody else wrote first")]
    public async Task An_object_that_failed_comes_again_with_growing_delays_and_for_ever(string how, string why)
    {
        Start((_, _) => how switch
        {
            "retry" => ValueTask.FromResult(ReconcileResult.Retry),
            "conflict" => throw InMemoryApi.Failure(HttpStatusCode.Conflict, "Conflict"),
            _ => throw new InvalidOperationException("broken"),
        });
        _queue.Add(Key);
        var began = _time.GetUtcNow();

        await _time.RunUntilAsync(() => _reconciles == 12, TimeSpan.FromSeconds(5));

        // 1 + 2 + … + 256 + 300 + 300
        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(511 + 600), why);
    }

    [Fact]
    public async Task As_many_objects_are_worked_on_at_once_as_there_are_workers()
    {
        var entered = 0;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(
            async (_, _) =>
            {
                Interlocked.Increment(ref entered);
                await gate.Task;
                return ReconcileResult.Done;
            },
            workers: 3);
        for (var i = 0; i < 5; i++)
            _queue.Add(new("ns", $"{i}"));

        await Waiting.UntilAsync(() => Volatile.Read(ref entered) == 3);
        Assert.Equal(2, _queue.Depth);
        gate.SetResult();
        await Waiting.UntilAsync(() => Volatile.Read(ref entered) == 5);
    }

    [Fact]
    public async Task A_throttled_flow_keeps_two_workers_and_leaves_the_rest_to_others()
    {
        using var queue = new WorkQueue<NamespacedName>(_time, new Random(1), flowOf: key => key.Namespace);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var inHand = 0;
        var served = 0;
        var reconciler = new Reconciler(async (key, _) =>
        {
            if (key.Namespace == "healthy")
            {
                Interlocked.Increment(ref served);
                return ReconcileResult.Done;
            }
            if (key.Name == "first")
                return ReconcileResult.Retry with { FlowOutcome = FlowOutcome.Throttled };
            Interlocked.Increment(ref inHand);
            await gate.Task;
            return ReconcileResult.Done with { FlowOutcome = FlowOutcome.Throttled };
        });
        queue.Add(new("broken", "first"));
        _run = new Controller("test", queue, reconciler, new ControllerOptions { Workers = 4, NewReconcileId = () => "test" }, _time, NullLogger.Instance).RunAsync(_stop.Token, _lost.Token);
        await Waiting.UntilAsync(() => queue.Retries == 1);
        for (var i = 0; i < 10; i++)
            queue.Add(new("broken", $"{i}"));
        await Waiting.UntilAsync(() => Volatile.Read(ref inHand) == 2);

        for (var i = 0; i < 10; i++)
            queue.Add(new("healthy", $"{i}"));

        await Waiting.UntilAsync(() => Volatile.Read(ref served) == 10);
        Assert.Equal(2, Volatile.Read(ref inHand));
        gate.SetResult();
        await Waiting.UntilAsync(() => Volatile.Read(ref inHand) == 10);
    }

    [Fact]
    public async Task A_stop_takes_no_more_keys_and_lets_what_is_in_hand_finish()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken token = default;
        Start(
            async (_, cancellationToken) =>
            {
                token = cancellationToken;
                await gate.Task;
                return ReconcileResult.Done;
            },
            workers: 1);
        _queue.Add(Key);
        _queue.Add(new("ns", "b"));
        await Waiting.UntilAsync(() => _reconciles == 1);

        await _stop.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(token.IsCancellationRequested);
        gate.SetResult();
        await _run;

        Assert.Equal(1, _reconciles);
    }

    [Fact]
    public async Task Work_that_outlasts_the_grace_period_is_cancelled()
    {
        Start(async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
            return ReconcileResult.Done;
        });
        _queue.Add(Key);
        await Waiting.UntilAsync(() => _reconciles == 1);

        await _stop.CancelAsync();
        Assert.False(_run.IsCompleted);
        await _time.RunUntilAsync(() => _run.IsCompleted);

        await _run;
    }

    [Fact]
    public async Task Work_of_a_leader_that_lost_its_lease_is_cancelled_without_a_grace_period()
    {
        Start(async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
            return ReconcileResult.Done;
        });
        _queue.Add(Key);
        await Waiting.UntilAsync(() => _reconciles == 1);

        await _lost.CancelAsync();
        await _stop.CancelAsync();

        // The clock stands still.
        await Waiting.UntilAsync(() => _run.IsCompleted);
        await _run;
    }

    [Fact]
    public async Task Results_are_counted_under_controller_runtimes_names()
    {
        using var meter = new Meter("test");
        using var listener = new MeterListener();
        var counts = new Dictionary<string, long>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter == meter)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var key = $"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}";
            lock (counts)
                counts[key] = counts.GetValueOrDefault(key) + value;
        });
        listener.Start();
        Start(
            (key, _) => key.Name == "a" ? ValueTask.FromResult(ReconcileResult.Done) : throw new InvalidOperationException("broken"),
            meter: meter);

        _queue.Add(Key);
        _queue.Add(new("ns", "b"));
        await Waiting.UntilAsync(() =>
        {
            lock (counts)
                return counts.GetValueOrDefault("controller_runtime_reconcile_errors_total controller=test") == 1
                    && counts.GetValueOrDefault("controller_runtime_reconcile_total controller=test result=success") == 1;
        });
        listener.RecordObservableInstruments();

        Assert.Equal(2, counts["workqueue_adds_total name=test"]);
        // There from the start: a series that begins with its first failure hides it from rate().
        Assert.Equal(0, counts["controller_runtime_reconcile_total controller=test result=requeue_after"]);
    }

    [Fact]
    public async Task Each_reconciliation_is_a_span_of_its_own_with_the_id_that_its_log_has()
    {
        using var source = new ActivitySource(nameof(ControllerTests));
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = one => one == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var ids = 0;
        var logger = new ScopeLogger();
        var reconciler = new Reconciler((_, _) => Interlocked.Increment(ref _reconciles) == 1 ? throw new IOException("policy text") : ValueTask.FromResult(ReconcileResult.Done));
        var options = new ControllerOptions { Workers = 1, Traces = source, NewReconcileId = () => $"id-{Interlocked.Increment(ref ids)}" };
        _run = new Controller("test", _queue, reconciler, options, _time, logger).RunAsync(_stop.Token, _lost.Token);
        _queue.Add(Key);

        await _time.RunUntilAsync(() => spans.Count == 2);

        static string Text(Activity span) => $"{span.DisplayName} {span.Status} {span.StatusDescription} {string.Join(' ', span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"))}";
        Assert.Equal(
            ["reconcile test Error IOException controller=test namespace=ns name=a reconcileID=id-1 result=error", "reconcile test Unset  controller=test namespace=ns name=a reconcileID=id-2 result=success"],
            spans.Select(Text));
        Assert.All(spans, span => Assert.Equal(default, span.ParentSpanId));
        Assert.Equal(
            ["controller=test object=ns/a namespace=ns name=a reconcileID=id-1", "controller=test object=ns/a namespace=ns name=a reconcileID=id-2"], logger.Scopes);
    }

    private void Start(Func<NamespacedName, CancellationToken, ValueTask<ReconcileResult>> reconcile, int workers = 2, Meter? meter = null)
    {
        var options = new ControllerOptions { Workers = workers, Meter = meter, NewReconcileId = () => "test" };
        var reconciler = new Reconciler((key, cancellationToken) =>
        {
            Interlocked.Increment(ref _reconciles);
            return reconcile(key, cancellationToken);
        });
        _run = new Controller("test", _queue, reconciler, options, _time, NullLogger.Instance).RunAsync(_stop.Token, _lost.Token);
    }

    private Func<bool> AfterSeconds(int seconds)
    {
        var until = _time.GetUtcNow().AddSeconds(seconds);
        return () => _time.GetUtcNow() >= until;
    }

    private sealed class ScopeLogger : ILogger
    {
        public ConcurrentQueue<string> Scopes { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Scopes.Enqueue(string.Join(' ', ((IEnumerable<KeyValuePair<string, object?>>)state).Select(one => $"{one.Key}={one.Value}")));
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }

    private sealed class Reconciler(Func<NamespacedName, CancellationToken, ValueTask<ReconcileResult>> reconcile) : IReconciler
    {
        public ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken) => reconcile(key, cancellationToken);
    }
}
