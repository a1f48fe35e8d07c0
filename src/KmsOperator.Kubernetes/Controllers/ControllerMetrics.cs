using System.Diagnostics.Metrics;

namespace KmsOperator.Kubernetes;

/// <summary>A controller's metrics under controller-runtime's names, so that existing dashboards show them.</summary>
/// <remarks>Source: controller-runtime, <c>pkg/internal/controller/metrics</c> and <c>pkg/metrics/workqueue.go</c>.</remarks>
internal sealed class ControllerMetrics
{
    private readonly KeyValuePair<string, object?> _controller;
    private readonly Counter<long> _total;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _seconds;
    private int _active;

    public ControllerMetrics(Meter meter, string name, WorkQueue<ResourceKey> queue, int workers)
    {
        _controller = new("controller", name);
        KeyValuePair<string, object?>[] queueName = [new("name", name)];
        _total = meter.CreateCounter<long>("controller_runtime_reconcile_total");
        _errors = meter.CreateCounter<long>("controller_runtime_reconcile_errors_total");
        _seconds = meter.CreateHistogram<double>("controller_runtime_reconcile_time_seconds", "s");
        meter.CreateObservableGauge("controller_runtime_max_concurrent_reconciles", () => new Measurement<int>(workers, _controller));
        meter.CreateObservableGauge("controller_runtime_active_workers", () => new Measurement<int>(Volatile.Read(ref _active), _controller));
        meter.CreateObservableGauge("workqueue_depth", () => new Measurement<int>(queue.Depth, queueName));
        meter.CreateObservableCounter("workqueue_adds_total", () => new Measurement<long>(queue.Adds, queueName));
        meter.CreateObservableCounter("workqueue_retries_total", () => new Measurement<long>(queue.Retries, queueName));
        // A series that starts with its first failure hides that failure from rate().
        foreach (var result in (string[])["success", "error", "requeue", "requeue_after"])
            _total.Add(0, _controller, new("result", result));
        _errors.Add(0, _controller);
    }

    public void Began() => Interlocked.Increment(ref _active);

    public void Ended(string result, TimeSpan duration)
    {
        Interlocked.Decrement(ref _active);
        _total.Add(1, _controller, new("result", result));
        if (result == "error")
            _errors.Add(1, _controller);
        _seconds.Record(duration.TotalSeconds, _controller);
    }
}
