using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Workers that take keys from a queue and reconcile them.</summary>
/// <param name="name">Name in logs and metrics, in lower case, for example <c>servicekey</c>.</param>
/// <param name="queue">The keys to reconcile. No other controller may take from it.</param>
/// <param name="reconciler">Reconciles one key.</param>
/// <param name="options">Number of workers, grace period, metrics and traces.</param>
/// <param name="time">Clock of the grace period and the metrics.</param>
/// <param name="logger">Gets failures.</param>
public sealed class Controller(
    string name, WorkQueue<NamespacedName> queue, IReconciler reconciler, ControllerOptions options, TimeProvider time, ILogger logger)
{
    // The reason of a retry after an exception. No condition has it, so such retries have a delay of their own.
    private const string Thrown = "exception";

    private readonly ControllerMetrics? _metrics = options.Meter is { } meter ? new(meter, name, queue, options.Workers, time) : null;

    /// <summary>The controller's name.</summary>
    public string Name => name;

    /// <summary>
    /// Reconciles until cancelled, or until the queue is shut down and empty. After that no further key is taken. Reconciliations that
    /// are running get the grace period to finish before their token is cancelled. Returns when all of them have ended.
    /// </summary>
    /// <param name="cancellationToken">Stops the controller.</param>
    /// <param name="cutOff">
    /// Cancels running reconciliations at once, without a grace period. Whoever cancels it must cancel <paramref name="cancellationToken"/> too.
    /// </param>
    public async Task RunAsync(CancellationToken cancellationToken, CancellationToken cutOff)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cutOff);
        await using var grace = time.CreateTimer(
            static source => ((CancellationTokenSource)source!).Cancel(), abandon, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var stopping = cancellationToken.Register(() => grace.Change(options.GracePeriod, Timeout.InfiniteTimeSpan));
        var workers = Enumerable.Range(0, options.Workers)
            .Select(_ => WorkAsync(cancellationToken, abandon.Token));
        await Task.WhenAll(workers);
    }

    private async Task WorkAsync(CancellationToken stopping, CancellationToken abandon)
    {
        // So that the workers run beside each other, on the caller's SynchronizationContext if it has one: a simulation schedules them.
        await Task.Yield();
        while (!abandon.IsCancellationRequested)
        {
            NamespacedName key;
            try
            {
                (var taken, key) = await queue.TakeAsync(stopping);
                if (!taken)
                    return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await ReconcileAsync(key, abandon);
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(NamespacedName key, CancellationToken abandon)
    {
        var id = options.NewReconcileId();
        using var scope = logger.BeginScope(Scope(key, id));
        using var span = StartSpan(key, id);
        _metrics?.Began(key);
        var outcome = "error";
        try
        {
            var result = await reconciler.ReconcileAsync(key, abandon);
            queue.Report(key, result.FlowOutcome);
            outcome = Requeue(key, result);
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            logger.LogWarning("Reconciling {Key} was cancelled before it ended, since the operator stops", key);
        }
        catch (KubernetesApiException e) when (e.IsConflict)
        {
            // This is normal: somebody else wrote first.
            outcome = "requeue";
            logger.LogDebug("{Key} has changed in the meantime, next attempt in {Wait}: {Message}", key, queue.AddWithBackoff(key, Thrown), e.Message);
        }
        catch (Exception e)
        {
            var wait = queue.AddWithBackoff(key, Thrown);
            span?.SetStatus(ActivityStatusCode.Error, e.GetType().Name);
            logger.LogError(e, "Reconciling {Key} failed, next attempt in {Wait}", key, wait);
        }
        finally
        {
            span?.SetTag("result", outcome);
            _metrics?.Ended(key, outcome);
        }
    }

    /// <returns>The result as controller-runtime's metrics name it.</returns>
    private string Requeue(NamespacedName key, ReconcileResult result)
    {
        if (result.RetryReason is { } reason)
        {
            queue.AddWithBackoff(key, reason);
            return "requeue";
        }
        queue.Forget(key);
        if (result.After is not { } delay)
            return "success";
        queue.AddAfter(key, delay);
        return "requeue_after";
    }

    /// <summary>The fields of each log line, under controller-runtime's names.</summary>
    private Dictionary<string, object?> Scope(NamespacedName key, string id) => new()
    {
        ["controller"] = name,
        ["object"] = key,
        ["namespace"] = key.Namespace,
        ["name"] = key.Name,
        ["reconcileID"] = id,
    };

    /// <summary>The root span of the trace. Its tags have the same names as the fields of the log.</summary>
    private Activity? StartSpan(NamespacedName key, string id) => options.Traces?.CreateActivity($"reconcile {name}", ActivityKind.Internal)
        ?.SetTag("controller", name)
        .SetTag("namespace", key.Namespace)
        .SetTag("name", key.Name)
        .SetTag("reconcileID", id)
        .Start();
}
