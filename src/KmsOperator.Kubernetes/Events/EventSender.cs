using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Sends events one after the other, in the order in which they were added.</summary>
/// <param name="api">The API server.</param>
/// <param name="waiting">How many events may wait. A quarter of that is kept for warnings.</param>
/// <param name="remembered">How many events are remembered to find their repeats.</param>
/// <param name="time">Clock of waits.</param>
/// <param name="logger">Gets how many events were dropped, and, at debug level, those that could not be sent.</param>
internal sealed class EventSender(IKubernetesApi api, int waiting, int remembered, TimeProvider time, ILogger logger)
{
    private const int Attempts = 4;
    private static readonly TimeSpan SeriesWindow = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan SeriesInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<Event> _waiting = Channel.CreateBounded<Event>(new BoundedChannelOptions(waiting) { SingleReader = true });
    private readonly Dictionary<Event, Series> _sent = new(EventComparer.Instance);
    private int _dropped;

    /// <summary>Adds an event, and returns at once. It is dropped when there is no room.</summary>
    public void Add(Event next)
    {
        // Many keys that are made must not keep a person from reading what went wrong.
        var hasRoom = next.Type == "Warning" || _waiting.Reader.Count < waiting - (waiting / 4);
        if (!hasRoom || !_waiting.Writer.TryWrite(next))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Sends events until cancelled. After that it sends the waiting events for up to five seconds.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SendAllAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _waiting.Writer.TryComplete();
            using var limit = new CancellationTokenSource(FlushLimit, time);
            try
            {
                await SendAllAsync(limit.Token);
                foreach (var series in _sent.Values.Where(series => series.Unsent))
                    await SendSeriesAsync(series, limit.Token);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                logger.LogDebug("Some events were not sent before the stop");
            }
        }
    }

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_waiting.Reader.TryPeek(out var next))
            {
                await SendAsync(next, cancellationToken);
                LogDropped();
                _waiting.Reader.TryRead(out _);
            }
        }
    }

    private async Task SendAsync(Event next, CancellationToken cancellationToken)
    {
        var now = next.EventTime!.Value;
        if (_sent.TryGetValue(next, out var series) && now - series.Last < SeriesWindow)
        {
            (series.Count, series.Last, series.Unsent) = (series.Count + 1, now, true);
            // The first repeat is sent at once, so that people see that the event repeats. Later ones only raise the count.
            if (series.Count == 2 || now - series.SentAt >= SeriesInterval)
                await SendSeriesAsync(series, cancellationToken);
            return;
        }
        if (_sent.Count >= remembered)
            Forget(now);
        if (await TryAsync(token => CreateAsync(next, token), cancellationToken) is { } created)
            _sent[next] = new(NamespacedName.Of(created), now);
    }

    private async Task<Event> CreateAsync(Event next, CancellationToken cancellationToken)
    {
        try
        {
            return await api.CreateAsync(BuiltInTypes.Events, next, cancellationToken);
        }
        // Kubernetes 1.20 wants events about cluster-scoped objects in kube-system, and refuses "default".
        catch (KubernetesApiException e) when (e.IsInvalid && next.Regarding?.Namespace is null)
        {
            return await api.CreateAsync(
                BuiltInTypes.Events, next with { Metadata = next.Metadata with { Namespace = "kube-system" } }, cancellationToken);
        }
    }

    private async Task SendSeriesAsync(Series series, CancellationToken cancellationToken)
    {
        (series.SentAt, series.Unsent) = (series.Last, false);
        var patch = new JsonObject
        {
            ["series"] = new JsonObject { ["count"] = series.Count, ["lastObservedTime"] = MicroTimeConverter.Format(series.Last) },
        };
        await TryAsync(token => api.MergePatchAsync(BuiltInTypes.Events, series.Key, patch, null, token), cancellationToken);
    }

    /// <returns>The event as sent; null when it had to be dropped.</returns>
    private async Task<Event?> TryAsync(Func<CancellationToken, Task<Event>> send, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            // A terminating namespace answers 403 and a deleted one 404. A retry would not help.
            catch (Exception e) when (attempt == Attempts || IsFinal(e))
            {
                logger.LogDebug("An event was dropped: {Message}", e.Message);
                return null;
            }
            catch (Exception e)
            {
                logger.LogDebug("An event has to wait: {Message}", e.Message);
            }
            await Task.Delay(TimeSpan.FromSeconds(1 << (attempt - 1)), time, cancellationToken);
        }
    }

    private static bool IsFinal(Exception e) =>
        e is KubernetesApiException { StatusCode: < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests };

    private void Forget(DateTimeOffset now)
    {
        foreach (var (known, _) in _sent.Where(pair => now - pair.Value.Last >= SeriesWindow).ToList())
            _sent.Remove(known);
        if (_sent.Count >= remembered)
            _sent.Clear();
    }

    private void LogDropped()
    {
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            logger.LogInformation("{Count} events were dropped, since {Waiting} others waited to be sent", dropped, waiting);
    }

    private sealed class Series(NamespacedName key, DateTimeOffset first)
    {
        public NamespacedName Key => key;

        public int Count { get; set; } = 1;

        public DateTimeOffset Last { get; set; } = first;

        public DateTimeOffset SentAt { get; set; } = first;

        public bool Unsent { get; set; }
    }
}
