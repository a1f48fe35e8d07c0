using System.Collections.Concurrent;

namespace KmsSimulator.Admin;

/// <summary>A request that was made.</summary>
/// <param name="Time">When it arrived.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Account">The caller's account.</param>
/// <param name="Region">The Region called.</param>
/// <param name="Outcome"><c>OK</c>, an error code, or what a fault did.</param>
/// <param name="Key">The key concerned, if any.</param>
internal sealed record CallEntry(DateTimeOffset Time, string Operation, string Account, string Region, string Outcome, string? Key);

/// <summary>Every request since the start or the last reset.</summary>
internal sealed class CallLog
{
    private ConcurrentQueue<CallEntry> _calls = new();

    /// <summary>All calls, oldest first.</summary>
    public IReadOnlyCollection<CallEntry> Calls => _calls;

    /// <summary>Adds one.</summary>
    public void Add(CallEntry call) => _calls.Enqueue(call);

    /// <summary>Forgets all.</summary>
    public void Clear() => _calls = new ConcurrentQueue<CallEntry>();
}
