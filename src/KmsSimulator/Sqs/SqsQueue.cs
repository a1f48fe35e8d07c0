using System.Globalization;
using System.Text;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sqs;

/// <summary>A standard queue. It hands messages out in the order in which they became visible to it; AWS promises no order. Thread-safe.</summary>
internal sealed class SqsQueue(string arn, QueueAttributes attributes, DateTimeOffset createdAt)
{
    private const int MaxInFlight = 120_000;
    private static readonly TimeSpan LongestVisibility = TimeSpan.FromHours(12);

    private readonly Lock _gate = new();
    private readonly LinkedList<SqsMessage> _messages = new();
    private TaskCompletionSource _changed = new();
    private int _sent;

    public string Arn => arn;

    public QueueAttributes Attributes => attributes;

    public DateTimeOffset CreatedAt => createdAt;

    /// <summary>Whether it was deleted while somebody waited for its messages.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Ends when there may be something new to receive.</summary>
    public Task WhenChanged
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>Number of the next message, for its id.</summary>
    public int NextNumber() => Interlocked.Increment(ref _sent);

    public void Send(SqsMessage message)
    {
        lock (_gate)
            _messages.AddLast(message);
        Wake();
    }

    /// <summary>Lets everybody who waits for messages look again.</summary>
    public void Wake()
    {
        TaskCompletionSource changed;
        lock (_gate)
            (changed, _changed) = (_changed, new TaskCompletionSource());
        WithoutContext.Run(changed.TrySetResult);
    }

    public void Delete()
    {
        IsDeleted = true;
        Wake();
    }

    /// <summary>Takes visible messages, and hides them.</summary>
    /// <returns>The messages, each with a new receipt handle.</returns>
    public IReadOnlyList<(SqsMessage Message, string Handle)> Receive(int max, TimeSpan visibility, DateTimeOffset now)
    {
        lock (_gate)
        {
            Expire(now);
            if (_messages.Count(message => IsInFlight(message, now)) >= MaxInFlight)
                throw new ServiceException("OverLimit", $"Too many messages are in flight: a queue has at most {MaxInFlight}.");
            var received = new List<(SqsMessage, string)>();
            foreach (var message in _messages.Where(message => message.VisibleAt <= now).Take(max).ToArray())
            {
                message.Receives++;
                message.FirstReceivedAt ??= now;
                message.ReceivedAt = now;
                message.VisibleAt = now + visibility;
                received.Add((message, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{arn}/{message.Id}/{message.Receives}"))));
            }

            return received;
        }
    }

    /// <summary>When the next message becomes visible; null when none will.</summary>
    public DateTimeOffset? NextVisibleAt(DateTimeOffset now)
    {
        lock (_gate)
            return _messages.Where(message => message.VisibleAt > now).Min(message => (DateTimeOffset?)message.VisibleAt);
    }

    /// <summary>Deletes the message of a receipt handle. An older handle than the last one deletes nothing, and that is no error.</summary>
    public void Delete(string handle)
    {
        lock (_gate)
        {
            if (Find(handle) is { IsLast: true, Message: { } message })
                _messages.Remove(message);
        }
    }

    /// <summary>Hides a message in flight for another time from now on.</summary>
    public void ChangeVisibility(string handle, TimeSpan visibility, DateTimeOffset now)
    {
        lock (_gate)
        {
            var (message, isLast) = Find(handle);
            if (message is null)
                throw SqsErrors.Invalid(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.");
            if (!isLast || !IsInFlight(message, now))
                throw new ServiceException("MessageNotInflight", "The specified message isn't in flight.");
            if (now + visibility - message.ReceivedAt > LongestVisibility)
                throw SqsErrors.Invalid($"{visibility.TotalSeconds}", "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
            message.VisibleAt = now + visibility;
        }

        Wake();
    }

    /// <summary>How many messages wait, are in flight, and are delayed.</summary>
    public (int Visible, int InFlight, int Delayed) Count(DateTimeOffset now)
    {
        lock (_gate)
        {
            Expire(now);
            var inFlight = _messages.Count(message => IsInFlight(message, now));
            var visible = _messages.Count(message => message.VisibleAt <= now);
            return (visible, inFlight, _messages.Count - inFlight - visible);
        }
    }

    private static bool IsInFlight(SqsMessage message, DateTimeOffset now) => message.Receives > 0 && message.VisibleAt > now;

    private void Expire(DateTimeOffset now)
    {
        while (_messages.First is { Value: var oldest } && now - oldest.SentAt > attributes.Retention)
            _messages.RemoveFirst();
    }

    private (SqsMessage? Message, bool IsLast) Find(string handle)
    {
        var bytes = new byte[handle.Length];
        if (!Convert.TryFromBase64String(handle, bytes, out var length)
            || Encoding.UTF8.GetString(bytes, 0, length).Split('/') is not [var queue, var id, var number]
            || queue != arn || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var receive))
        {
            throw SqsErrors.NoHandle(handle);
        }

        var message = _messages.FirstOrDefault(candidate => candidate.Id == id);
        return (message, message?.Receives == receive);
    }
}
