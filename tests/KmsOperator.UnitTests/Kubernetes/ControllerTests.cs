using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ControllerTests : IDisposable
{
    private static readonly NamespacedName Key = new("ns", "a");
    private readonly TestThread _thread = new();
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private Task _run = Task.CompletedTask;
    private int _reconciles;

    public ControllerTests() => _queue = new(_thread.Clock, new Random(1));

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Finish(_run);
        _stop.Dispose();
        _lost.Dispose();
        _queue.Dispose();
    }

    [Fact]
    public void An_object_that_is_done_is_not_looked_at_again()
    {
        Start((_, _) => ValueTask.FromResult(ReconcileResult.Done));
        _queue.Add(Key);

        _thread.RunFor(TimeSpan.FromSeconds(1000));

        Assert.Equal(1, _reconciles);
    }

    [Fact]
    public void An_object_is_looked_at_again_after_the_time_that_was_asked_for()
    {
        Start((_, _) => ValueTask.FromResult(ReconcileResult.RequeueAfter(TimeSpan.FromSeconds(60))));
        _queue.Add(Key);

        var waited = _thread.RunUntil(() => _reconciles == 3);

        Assert.Equal(TimeSpan.FromSeconds(120), waited);
        Assert.Equal(0, _queue.Retries);
    }

    [Theory]
    [InlineData("retry", "the reconciler asks for it")]
    [InlineData("exception", "whatever is thrown")]
    [InlineData("conflict", "somebody else wrote first")]
    public void An_object_that_failed_comes_again_with_growing_delays_and_for_ever(string how, string why)
    {
        Start((_, _) => how switch
        {
            "retry" => ValueTask.FromResult(ReconcileResult.Retry),
            "conflict" => throw InMemoryApi.Failure(HttpStatusCode.Conflict, "Conflict"),
            _ => throw new InvalidOperationException("broken"),
        });
        _queue.Add(Key);

        var waited = _thread.RunUntil(() => _reconciles == 12).TotalSeconds;

        // 1 + 2 + … + 256 + 300 + 300, and up to 20 % more.
        Assert.True(waited is >= 511 + 600 and <= (511 + 600) * 1.2, why);
    }

    [Fact]
    public void An_object_that_fails_for_another_reason_than_before_comes_again_soon()
    {
        Start((_, _) => ValueTask.FromResult(ReconcileResult.RetryFor(_reconciles is 9 or 10 ? "Throttled" : "AliasConflict")));
        _queue.Add(Key);
        _thread.RunUntil(() => _reconciles == 9);

        Assert.InRange(_thread.RunUntil(() => _reconciles == 10).TotalSeconds, 1, 1.2);
        Assert.InRange(_thread.RunUntil(() => _reconciles == 11).TotalSeconds, 2, 2.4);

        // The delay of the other reason goes on where it was: an object whose reasons take turns is not tried for ever every second.
        Assert.InRange(_thread.RunUntil(() => _reconciles == 12).TotalSeconds, 256, 256 * 1.2);
    }

    [Fact]
    public void An_object_whose_retries_are_minutes_apart_comes_again_soon_after_an_exception()
    {
        Start((_, _) => _reconciles is 9 or 10 ? throw new InvalidOperationException("broken") : ValueTask.FromResult(ReconcileResult.Retry));
        _queue.Add(Key);
        _thread.RunUntil(() => _reconciles == 9);

        Assert.InRange(_thread.RunUntil(() => _reconciles == 10).TotalSeconds, 1, 1.2);
        Assert.InRange(_thread.RunUntil(() => _reconciles == 11).TotalSeconds, 2, 2.4);

        // The other delay goes on where it was.
        Assert.InRange(_thread.RunUntil(() => _reconciles == 12).TotalSeconds, 256, 256 * 1.2);
    }

    [Fact]
    public void As_many_objects_are_worked_on_at_once_as_there_are_workers()
    {
        var entered = 0;
        var gate = new TaskCompletionSource();
        Start(
            async (_, _) =>
            {
                entered++;
                await gate.Task;
                return ReconcileResult.Done;
            },
            workers: 3);
        for (var i = 0; i < 5; i++)
            _queue.Add(new("ns", $"{i}"));

        _thread.RunUntilIdle();
        Assert.Equal((3, 2), (entered, _queue.Depth));
        gate.SetResult();
        _thread.RunUntilIdle();
        Assert.Equal(5, entered);
    }

    [Fact]
    public void A_throttled_flow_keeps_two_workers_and_leaves_the_rest_to_others()
    {
        using var queue = new WorkQueue<NamespacedName>(_thread.Clock, new Random(1), flowOf: key => key.Namespace);
        var gate = new TaskCompletionSource();
        var inHand = 0;
        var served = 0;
        var reconciler = new Reconciler(async (key, _) =>
        {
            if (key.Namespace == "healthy")
            {
                served++;
                return ReconcileResult.Done;
            }
            if (key.Name == "first")
                return ReconcileResult.Retry with { FlowOutcome = FlowOutcome.Throttled };
            inHand++;
            await gate.Task;
            return ReconcileResult.Done with { FlowOutcome = FlowOutcome.Throttled };
        });
        queue.Add(new("broken", "first"));
        Run(new Controller("test", queue, reconciler, new ControllerOptions { Workers = 4, NewReconcileId = () => "test" }, _thread.Clock, NullLogger.Instance));
        _thread.RunUntilIdle();
        Assert.Equal(1, queue.Retries);
        for (var i = 0; i < 10; i++)
            queue.Add(new("broken", $"{i}"));
        _thread.RunUntilIdle();
        Assert.Equal(2, inHand);

        for (var i = 0; i < 10; i++)
            queue.Add(new("healthy", $"{i}"));

        _thread.RunUntilIdle();
        Assert.Equal((10, 2), (served, inHand));
        gate.SetResult();
        _thread.RunUntilIdle();
        Assert.Equal(10, inHand);
    }

    [Fact]
    public void A_stop_takes_no_more_keys_and_lets_what_is_in_hand_finish()
    {
        var gate = new TaskCompletionSource();
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
        _thread.RunUntilIdle();
        Assert.Equal(1, _reconciles);

        _stop.Cancel();
        _thread.RunFor(TimeSpan.FromSeconds(29));
        Assert.False(token.IsCancellationRequested);
        gate.SetResult();
        _thread.Finish(_run);

        Assert.Equal(1, _reconciles);
    }

    [Fact]
    public void Work_that_outlasts_the_grace_period_is_cancelled()
    {
        Start(async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, cancellationToken);
            return ReconcileResult.Done;
        });
        _queue.Add(Key);
        _thread.RunUntilIdle();
        Assert.Equal(1, _reconciles);

        _stop.Cancel();
        var lasted = _thread.RunUntil(() => _run.IsCompleted);

        Assert.Equal(TimeSpan.FromSeconds(30), lasted);
        _thread.Finish(_run);
    }

    [Fact]
    public void Work_of_a_leader_that_lost_its_lease_is_cancelled_without_a_grace_period()
    {
        Start(async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, cancellationToken);
            return ReconcileResult.Done;
        });
        _queue.Add(Key);
        _thread.RunUntilIdle();
        Assert.Equal(1, _reconciles);

        _lost.Cancel();
        _stop.Cancel();

        // The clock stands still.
        _thread.Finish(_run);
    }

    [Fact]
    public void Results_are_counted_under_controller_runtimes_names()
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
            counts[key] = counts.GetValueOrDefault(key) + value;
        });
        listener.Start();
        Start(
            (key, _) => key.Name == "a" ? ValueTask.FromResult(ReconcileResult.Done) : throw new InvalidOperationException("broken"),
            meter: meter);

        _queue.Add(Key);
        _queue.Add(new("ns", "b"));
        _thread.RunUntilIdle();
        listener.RecordObservableInstruments();

        Assert.Equal(1, counts["controller_runtime_reconcile_errors_total controller=test"]);
        Assert.Equal(1, counts["controller_runtime_reconcile_total controller=test result=success"]);
        Assert.Equal(2, counts["workqueue_adds_total name=test"]);
        // There from the start: a series that begins with its first failure hides it from rate().
        Assert.Equal(0, counts["controller_runtime_reconcile_total controller=test result=requeue_after"]);
    }

    [Fact]
    public void Each_reconciliation_is_a_span_of_its_own_with_the_id_that_its_log_has()
    {
        using var source = new ActivitySource(nameof(ControllerTests));
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = one => one == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var ids = 0;
        var logger = new ScopeLogger();
        var reconciler = new Reconciler((_, _) => ++_reconciles == 1 ? throw new IOException("policy text") : ValueTask.FromResult(ReconcileResult.Done));
        var options = new ControllerOptions { Workers = 1, Traces = source, NewReconcileId = () => $"id-{++ids}" };
        Run(new Controller("test", _queue, reconciler, options, _thread.Clock, logger));
        _queue.Add(Key);

        _thread.RunUntil(() => spans.Count == 2);

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
            _reconciles++;
            return reconcile(key, cancellationToken);
        });
        Run(new Controller("test", _queue, reconciler, options, _thread.Clock, NullLogger.Instance));
    }

    private void Run(Controller controller) => _run = _thread.Start(() => controller.RunAsync(_stop.Token, _lost.Token));

    private sealed class ScopeLogger : ILogger
    {
        public List<string> Scopes { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Scopes.Add(string.Join(' ', ((IEnumerable<KeyValuePair<string, object?>>)state).Select(one => $"{one.Key}={one.Value}")));
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
