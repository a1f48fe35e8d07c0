using System.Collections.Concurrent;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>
/// What all keys of one account and Region share: the clients, the aliases, the tags, and the operator's own recent writes. KMS may show the
/// state before a write for the consistency window; every write is recorded here once, and all that is read from KMS is corrected by it.
/// </summary>
public sealed class RegionalClients
{
    private const int FewKeys = 64;

    private readonly TimeProvider _time;
    private readonly TimeSpan _consistencyWindow;
    private readonly ConcurrentDictionary<string, RecentWrites> _writes = new();
    private volatile int _dropAt = FewKeys;
    private int _lastUseReaders;

    /// <summary>Shares that have read nothing yet.</summary>
    /// <param name="clients">The SDK's clients.</param>
    /// <param name="time">The clock.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public RegionalClients(KmsClients clients, TimeProvider time, TimeSpan consistencyWindow)
    {
        _time = time;
        _consistencyWindow = consistencyWindow;
        Clients = clients;
        Aliases = new AliasDirectory(() => clients.Reading, time, consistencyWindow);
        Tags = new TagIndex(() => clients.Reading, time, consistencyWindow, Aliases.RecordNoKeys);
    }

    /// <summary>The SDK's clients.</summary>
    public KmsClients Clients { get; }

    /// <summary>The Region's aliases.</summary>
    public AliasDirectory Aliases { get; }

    /// <summary>The keys of the Region by the operator's tags.</summary>
    public TagIndex Tags { get; }

    /// <summary>Records that a key was created.</summary>
    public void RecordCreate(ObservedKey created) => Tags.Record(created.KeyId, created.Tags, _time.GetUtcNow());

    /// <summary>Records a step that has succeeded.</summary>
    /// <param name="step">The step.</param>
    /// <param name="before">The key before it.</param>
    /// <param name="after">The key after it.</param>
    public void RecordWrite(KeyStep step, ObservedKey before, ObservedKey after)
    {
        var now = _time.GetUtcNow();
        var oldest = now - _consistencyWindow;
        _writes.AddOrUpdate(before.KeyId, _ => RecentWrites.None.Add(step, before, now), (_, writes) => writes.Since(oldest).Add(step, before, now));
        DropOldWrites(oldest);
        if (step.Field == DriftField.Tags)
        {
            Tags.Record(after.KeyId, after.Tags, now);
        }

        if (step.AliasName is { } alias)
        {
            Aliases.Record(alias, before.AliasTargets.GetValueOrDefault(alias), after.AliasTargets.GetValueOrDefault(alias));
        }
    }

    /// <summary>What KMS showed of a key, with the values that are stale replaced by what was written.</summary>
    /// <param name="seen">The key as KMS showed it just now.</param>
    /// <param name="doubt">For how long after a write a value that reads as before it is taken for stale; at most the consistency window.</param>
    public ObservedKey ReplaceStale(ObservedKey seen, TimeSpan doubt)
    {
        if (!_writes.TryGetValue(seen.KeyId, out var writes))
        {
            return seen;
        }

        var now = _time.GetUtcNow();
        if (writes.Since(now - _consistencyWindow).Writes.IsEmpty)
        {
            _writes.TryRemove(KeyValuePair.Create(seen.KeyId, writes));
            return seen;
        }

        return writes.Since(now - doubt).ReplaceStale(seen);
    }

    /// <summary>
    /// The key's last use, unless another key's is being asked for. KMS answers five such questions in a second, and comparisons must not queue up for
    /// them.
    /// </summary>
    /// <param name="keyId">The key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null when no use is on record, or nothing was asked.</returns>
    public async Task<KeyLastUse?> GetLastUseIfFreeAsync(string keyId, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _lastUseReaders, 1, 0) != 0)
        {
            return null;
        }

        try
        {
            return await KeyObserver.GetLastUseAsync(Clients.Reading, keyId, cancellationToken);
        }
        finally
        {
            Interlocked.Exchange(ref _lastUseReaders, 0);
        }
    }

    /// <summary>Forgets where the operator has moved a primary. Another move may have had its effect, or not, so only KMS knows where it is.</summary>
    public void ForgetPrimaryMoves(string keyId)
    {
        if (_writes.TryGetValue(keyId, out var writes))
        {
            _writes.TryUpdate(keyId, writes.WithoutPrimaryMoves(), writes);
        }
    }

    /// <summary>Drops the writes of keys that nobody looks at any more, each time that there are twice as many keys as were left the last time.</summary>
    private void DropOldWrites(DateTimeOffset oldest)
    {
        if (_writes.Count < _dropAt)
        {
            return;
        }

        foreach (var (keyId, writes) in _writes)
        {
            if (writes.Since(oldest).Writes.IsEmpty)
            {
                _writes.TryRemove(KeyValuePair.Create(keyId, writes));
            }
        }

        _dropAt = Math.Max(FewKeys, 2 * _writes.Count);
    }
}
