namespace KmsOperator.KeyEvents;

/// <summary>The ids of the events that were handled last, since SQS and EventBridge may deliver an event more than once. Thread-safe.</summary>
internal sealed class HandledEvents
{
    private const int MaxIds = 4096;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Whether the event was handled.</summary>
    public bool Contains(string id)
    {
        lock (_gate)
        {
            return _ids.Contains(id);
        }
    }

    /// <summary>Remembers an event, and forgets the oldest one when there are too many.</summary>
    public void Add(string id)
    {
        lock (_gate)
        {
            if (!_ids.Add(id))
            {
                return;
            }

            _order.Enqueue(id);
            if (_order.Count > MaxIds)
            {
                _ids.Remove(_order.Dequeue());
            }
        }
    }
}
