using System.Diagnostics.Metrics;
using System.Text.Json;

namespace KmsOperator.KeyEvents;

/// <summary>The metrics of the event queues.</summary>
internal sealed class KeyEventMetrics
{
    private readonly Counter<long> _messages;
    private readonly Counter<long> _failures;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, double> _ages = [];

    /// <param name="meter">Where they are.</param>
    /// <param name="queues">URLs of the queues.</param>
    public KeyEventMetrics(Meter meter, IEnumerable<string> queues)
    {
        _messages = meter.CreateCounter<long>("kmsoperator_event_messages_total", null, "Messages of event queues, by what became of them.");
        _failures = meter.CreateCounter<long>("kmsoperator_event_queue_failures_total", null, "Calls to event queues that failed.");
        foreach (var queue in queues)
        {
            // A series that starts with its first value hides it from rate().
            _failures.Add(0, Label("queue", queue));
            foreach (var outcome in Enum.GetValues<EventOutcome>())
            {
                _messages.Add(0, Label("queue", queue), Label("result", NameOf(outcome)));
            }
        }

        meter.CreateObservableGauge("kmsoperator_event_age_seconds", Ages, null, "How long after the call the operator received the event that it received last.");
    }

    /// <summary>A message was dealt with.</summary>
    public void Handled(string queue, EventOutcome outcome) => _messages.Add(1, Label("queue", queue), Label("result", NameOf(outcome)));

    /// <summary>An event was received.</summary>
    public void Received(string queue, TimeSpan age)
    {
        lock (_gate)
        {
            _ages[queue] = Math.Max(0, age.TotalSeconds);
        }
    }

    /// <summary>A call to a queue failed.</summary>
    public void Failed(string queue) => _failures.Add(1, Label("queue", queue));

    private Measurement<double>[] Ages()
    {
        lock (_gate)
        {
            return [.. _ages.Select(age => new Measurement<double>(age.Value, Label("queue", age.Key)))];
        }
    }

    private static string NameOf(EventOutcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
