using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace KmsOperator.Kubernetes;

/// <summary>A controller's metrics under controller-runtime's names, so that existing dashboards show them.</summary>
/// <remarks>Source: controller-runtime, <c>pkg/internal/controller/metrics</c> and <c>pkg/metrics/workqueue.go</c>.</remarks>
internal sealed class ControllerMetrics
{
    private static readonly InstrumentAdvice<double> ReconcileBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60],
    };

    private static readonly InstrumentAdvice<double> QueueBuckets = new()
    {
        HistogramBucketBoundaries = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000],
    };

    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _controller;
    private readonly KeyValuePair<string, object?> _name;
    private readonly Counter<long> _total;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _seconds;
    private readonly Histogram<double> _work;
    private readonly ConcurrentDictionary<NamespacedName, long> _began = new();

    public ControllerMetrics(Meter meter, string name, WorkQueue<NamespacedName> queue, int workers, TimeProvider time)
    {
        _time = time;
        _controller = new("controller", name);
        _name = new("name", name);
        _total = meter.CreateCounter<long>("controller_runtime_reconcile_total", null, "Reconciliations, by result.");
        _errors = meter.CreateCounter<long>("controller_runtime_reconcile_errors_total", null, "Reconciliations that failed.");
        _seconds = meter.CreateHistogram("controller_runtime_reconcile_time_seconds", null, "Duration of a reconciliation.", null, ReconcileBuckets);
        _work = meter.CreateHistogram("workqueue_work_duration_seconds", null, "How long a worker had a key.", null, QueueBuckets);
        var waits = meter.CreateHistogram("workqueue_queue_duration_seconds", null, "How long a key waited for a worker.", null, QueueBuckets);
        queue.Waited = wait => waits.Record(wait.TotalSeconds, _name);
        meter.CreateObservableGauge("controller_runtime_max_concurrent_reconciles", () => Of(workers, _controller), null, "Workers.");
        meter.CreateObservableGauge("controller_runtime_active_workers", () => Of(_began.Count, _controller), null, "Workers that have a key.");
        meter.CreateObservableGauge("workqueue_depth", () => Of(queue.Depth, _name), null, "Keys that wait for a worker.");
        meter.CreateObservableCounter("workqueue_adds_total", () => Of(queue.Adds, _name), null, "Keys that were added.");
        meter.CreateObservableCounter("workqueue_retries_total", () => Of(queue.Retries, _name), null, "Keys that were added again with a backoff.");
        meter.CreateObservableGauge("workqueue_unfinished_work_seconds", () => Of(Ages().Sum(), _name), null, "How long the keys with workers have been there, summed up.");
        meter.CreateObservableGauge("workqueue_longest_running_processor_seconds", () => Of(Ages().DefaultIfEmpty().Max(), _name), null, "The longest of these.");

        // A series that starts with its first failure hides that failure from rate().
        foreach (var result in (string[])["success", "error", "requeue", "requeue_after"])
            _total.Add(0, _controller, new("result", result));
        _errors.Add(0, _controller);
    }

    public void Began(NamespacedName key) => _began[key] = _time.GetTimestamp();

    public void Ended(NamespacedName key, string result)
    {
        if (!_began.TryRemove(key, out var began))
            return;
        var seconds = _time.GetElapsedTime(began).TotalSeconds;
        _total.Add(1, _controller, new("result", result));
        if (result == "error")
            _errors.Add(1, _controller);
        _seconds.Record(seconds, _controller);
        _work.Record(seconds, _name);
    }

    private IEnumerable<double> Ages() => _began.Values.Select(began => _time.GetElapsedTime(began).TotalSeconds);

    private static Measurement<T> Of<T>(T value, KeyValuePair<string, object?> label)
        where T : struct => new(value, label);
}
