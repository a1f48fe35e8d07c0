namespace KmsSimulator.Admin;

/// <summary>A call that arrived.</summary>
/// <param name="Time">When, on the keys' clock.</param>
/// <param name="Operation">The operation of KMS or STS, or <see cref="CallLog.Unknown"/>.</param>
/// <param name="Account">The caller's.</param>
/// <param name="Region">The Region called; null for unsigned calls.</param>
/// <param name="Outcome">
/// <c>OK</c>, the error code, <c>dropBefore</c>, <c>dropAfter</c> (followed by the error code, if there was no effect), or <c>cancelled</c>.
/// </param>
/// <param name="Key">The key concerned: its ARN, or what the caller named when no key was found.</param>
internal sealed record CallEntry(DateTimeOffset Time, string Operation, string Account, string? Region, string Outcome, string? Key);

/// <summary>The calls since the start or the last reset: how many of each operation, and the latest in detail.</summary>
internal sealed class CallLog
{
    /// <summary>How many calls are kept in detail.</summary>
    public const int MaxDetails = 100_000;

    /// <summary>The name of all operations that neither KMS nor STS has: callers choose those, and could choose many.</summary>
    public const string Unknown = "Unknown";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Queue<CallEntry> _details = new();

    public IReadOnlyList<KeyValuePair<string, long>> Counts
    {
        get
        {
            lock (_gate)
                return [.. _counts];
        }
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<CallEntry> Details
    {
        get
        {
            lock (_gate)
                return [.. _details];
        }
    }

    public void Add(CallEntry call)
    {
        lock (_gate)
        {
            _counts[call.Operation] = _counts.GetValueOrDefault(call.Operation) + 1;
            if (_details.Count == MaxDetails)
                _details.Dequeue();
            _details.Enqueue(call);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _counts.Clear();
            _details.Clear();
        }
    }
}
