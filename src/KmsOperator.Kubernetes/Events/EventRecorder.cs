using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Sends events in the background. A repeat within six minutes only raises the count of the first event.</summary>
/// <param name="api">The API server.</param>
/// <param name="controller">The reporting controller, as a qualified name, for example <c>kms.servicekey.dev/kms-operator</c>.</param>
/// <param name="instance">The reporting process, for example the pod's name.</param>
/// <param name="time">Clock of the events.</param>
/// <param name="logger">Gets, at debug level, events that could not be sent.</param>
/// <remarks>Source: Kubernetes API reference, Event events.k8s.io/v1; limits from its validation.</remarks>
public sealed class EventRecorder(IKubernetesApi api, string controller, string instance, TimeProvider time, ILogger logger)
    : IEventRecorder
{
    private const int Waiting = 1000;
    private const int Remembered = 2000;
    private const int LongestNote = 1024;
    private const int LongestWord = 128;
    private const int LongestName = 253;
    private const int Attempts = 4;
    private static readonly TimeSpan SeriesWindow = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan SeriesInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<Event> _waiting = Channel.CreateBounded<Event>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Dictionary<Event, Series> _sent = new(EventComparer.Instance);
    private long _number;

    /// <inheritdoc />
    public void Record(IResource regarding, EventType type, string reason, string action, string note)
    {
        var meta = regarding.Metadata;
        var now = time.GetUtcNow();
        _waiting.Writer.TryWrite(new()
        {
            Metadata = new()
            {
                Name = Name(meta.Name, now),
                // Events about cluster-scoped objects belong into namespace "default".
                Namespace = meta.Namespace ?? "default",
            },
            EventTime = now,
            ReportingController = controller,
            ReportingInstance = Utf8Text.Truncate(instance, LongestWord),
            Type = type == EventType.Warning ? "Warning" : "Normal",
            Reason = Utf8Text.Truncate(reason, LongestWord),
            Action = Utf8Text.Truncate(action, LongestWord),
            Note = Utf8Text.Truncate(note, LongestNote),
            Regarding = new()
            {
                ApiVersion = regarding.ApiVersion,
                Kind = regarding.Kind,
                Namespace = meta.Namespace,
                Name = meta.Name,
                Uid = meta.Uid,
                ResourceVersion = meta.ResourceVersion,
            },
        });
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
        if (_sent.Count >= Remembered)
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
        if (_sent.Count >= Remembered)
            _sent.Clear();
    }

    /// <summary>Makes the event's name from the object's name, shortened if necessary, the time, and a number that is unique in this process.</summary>
    private string Name(string regarding, DateTimeOffset now)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $".{now.UtcTicks:x}.{Interlocked.Increment(ref _number):x}");
        return regarding[..Math.Min(regarding.Length, LongestName - suffix.Length)].TrimEnd('.', '-') + suffix;
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
