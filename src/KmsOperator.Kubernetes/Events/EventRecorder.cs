using System.Globalization;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>Sends events in the background, several at a time. A repeat within six minutes only raises the count of the first event.</summary>
/// <param name="api">The API server.</param>
/// <param name="controller">The reporting controller, as a qualified name, for example <c>kms.servicekey.dev/kms-operator</c>.</param>
/// <param name="instance">The reporting process, for example the pod's name.</param>
/// <param name="time">Clock of the events.</param>
/// <param name="logger">Gets how many events were dropped, and, at debug level, those that could not be sent.</param>
/// <remarks>Source: Kubernetes API reference, Event events.k8s.io/v1; limits from its validation.</remarks>
public sealed class EventRecorder(IKubernetesApi api, string controller, string instance, TimeProvider time, ILogger logger)
    : IEventRecorder
{
    // A new key is one event, and its worker waits for two writes and three calls meanwhile: half as many senders as workers keep up with them.
    private const int Senders = 8;
    private const int Waiting = 1000;
    private const int Remembered = 2000;
    private const int LongestNote = 1024;
    private const int LongestWord = 128;
    private const int LongestName = 253;

    private readonly EventSender[] _senders =
        [.. Enumerable.Range(0, Senders).Select(_ => new EventSender(api, Waiting / Senders, Remembered / Senders, time, logger))];

    private long _number;

    /// <inheritdoc />
    public void Record(IResource regarding, EventType type, string reason, string action, string note)
    {
        var meta = regarding.Metadata;
        var now = time.GetUtcNow();
        SenderOf(meta).Add(new()
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
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_senders.Select(sender => sender.RunAsync(cancellationToken)));

    /// <summary>The events of an object have the same sender, so they are sent in order, and repeats are seen. It is the same one in every run, as a simulation needs.</summary>
    private EventSender SenderOf(ObjectMeta meta) => _senders[(meta.Uid ?? meta.Name).Aggregate(0u, (sum, letter) => (sum * 31) + letter) % Senders];

    /// <summary>Makes the event's name from the object's name, shortened if necessary, the time, and a number that is unique in this process.</summary>
    private string Name(string regarding, DateTimeOffset now)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $".{now.UtcTicks:x}.{Interlocked.Increment(ref _number):x}");
        return regarding[..Math.Min(regarding.Length, LongestName - suffix.Length)].TrimEnd('.', '-') + suffix;
    }
}
