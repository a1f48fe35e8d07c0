using System.Collections.Concurrent;
using System.Collections.Immutable;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsOperator.Aws;

/// <summary>
/// The aliases of one account and Region, read with ListAliases once for all keys there. The operator's own writes are kept
/// on top of it for the consistency window, since KMS may still show the state before them.
/// </summary>
public sealed class AliasDirectory
{
    /// <summary>How old the list may be where nothing asks for a newer one. The writing calls themselves have the last word.</summary>
    public static readonly TimeSpan UsualAge = TimeSpan.FromMinutes(1);

    /// <summary>How old it may be for a new key, as long as it shows nothing in the key's way.</summary>
    public static readonly TimeSpan AgeForNewKeys = TagIndex.UsualAge;

    // Comparisons that people ask for at once come one after the other. A second is soon enough for the next list.
    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly TimeSpan _consistencyWindow;
    private readonly SingleFlight<ImmutableDictionary<string, string>> _aliases;
    private readonly ConcurrentDictionary<string, ImmutableList<AliasWrite>> _writes = new();
    private readonly ConcurrentDictionary<(string AliasName, string KeyId), DateTimeOffset> _unanswered = new();
    private readonly DateTimeOffset _since;

    /// <summary>A directory that has read nothing yet.</summary>
    /// <param name="kms">Gives the reading client of the Region.</param>
    /// <param name="time">The clock.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public AliasDirectory(Func<IAmazonKeyManagementService> kms, TimeProvider time, TimeSpan consistencyWindow)
    {
        _time = time;
        _consistencyWindow = consistencyWindow;
        _since = time.GetUtcNow();
        _aliases = new SingleFlight<ImmutableDictionary<string, string>>(time, _ => ListAsync(kms()), Spacing);
    }

    /// <summary>Target key id by alias name, from a read that began at <paramref name="notBefore"/> or later.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GetAsync(DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var (aliases, readAt) = await _aliases.GetAsync(notBefore, cancellationToken);
        foreach (var (name, writes) in _writes)
        {
            if (readAt > writes[^1].At + _consistencyWindow)
            {
                _writes.TryRemove(new KeyValuePair<string, ImmutableList<AliasWrite>>(name, writes));
                continue;
            }

            var listed = aliases.GetValueOrDefault(name);
            var target = AliasWrite.TargetOf(listed, writes, readAt, _consistencyWindow);
            if (target != listed)
            {
                aliases = target is null ? aliases.Remove(name) : aliases.SetItem(name, target);
            }
        }

        return aliases;
    }

    /// <summary>Like <see cref="GetAsync"/>, of some aliases.</summary>
    /// <param name="names">Full names.</param>
    /// <param name="notBefore">How fresh the list must be.</param>
    /// <param name="doubt">For how long after a write a list that shows the state before it is taken for stale.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<AliasReading> ReadAsync(IEnumerable<string> names, DateTimeOffset notBefore, TimeSpan doubt, CancellationToken cancellationToken)
    {
        var (aliases, readAt) = await _aliases.GetAsync(notBefore, cancellationToken);
        var targets = new Dictionary<string, string>();
        var isBehind = false;
        foreach (var name in names)
        {
            var listed = aliases.GetValueOrDefault(name);
            var target = _writes.TryGetValue(name, out var writes) ? AliasWrite.TargetOf(listed, writes, readAt, doubt) : listed;
            isBehind |= target != listed;
            if (target is not null)
            {
                targets[name] = target;
            }
        }

        return new AliasReading(targets, isBehind);
    }

    /// <summary>Remembers that there was no key, and so no alias either: an alias has a key as its target.</summary>
    /// <param name="asOf">When the list of keys was read.</param>
    public void RecordNoKeys(DateTimeOffset asOf) => _aliases.Offer(ImmutableDictionary<string, string>.Empty, asOf);

    /// <summary>Remembers that an alias was written.</summary>
    /// <param name="aliasName">Full name.</param>
    /// <param name="before">Its target before; null if there was no such alias.</param>
    /// <param name="after">Its target now; null if it is gone.</param>
    public void Record(string aliasName, string? before, string? after)
    {
        var now = _time.GetUtcNow();
        var write = new AliasWrite(before, after, now);
        _writes.AddOrUpdate(
            aliasName, _ => [write], (_, writes) => writes.RemoveAll(earlier => now > earlier.At + _consistencyWindow).Add(write));
    }

    /// <summary>Remembers that a call that writes an alias got no answer. It may arrive yet, and DeleteAlias and UpdateAlias do not ask whose the alias is by then.</summary>
    /// <param name="aliasName">Full name.</param>
    /// <param name="keyId">The key for which the call was sent.</param>
    public void RecordUnanswered(string aliasName, string keyId) => _unanswered[(aliasName, keyId)] = _time.GetUtcNow();

    /// <summary>Until when a call may arrive that this process has sent for another key's alias, and that got no answer.</summary>
    /// <param name="aliasName">Full name.</param>
    /// <param name="keyId">The key that is to get the alias.</param>
    /// <returns>Null when there is no such call.</returns>
    public DateTimeOffset? LateWriteUntil(string aliasName, string keyId)
    {
        DateTimeOffset? until = null;
        foreach (var (call, at) in _unanswered)
        {
            if (at + _consistencyWindow <= _time.GetUtcNow())
            {
                _unanswered.TryRemove(KeyValuePair.Create(call, at));
            }
            else if (call.AliasName == aliasName && call.KeyId != keyId && !(at + _consistencyWindow <= until))
            {
                until = at + _consistencyWindow;
            }
        }

        return until;
    }

    /// <summary>Until when a call may arrive that a process before this one has sent: it is unknown which got no answer.</summary>
    /// <value>Null when that time has passed.</value>
    public DateTimeOffset? EarlierWritesUntil =>
        _since + AwsClients.CallTimeout + _consistencyWindow is var until && until > _time.GetUtcNow() ? until : null;

    private static async Task<ImmutableDictionary<string, string>> ListAsync(IAmazonKeyManagementService kms)
    {
        var aliases = ImmutableDictionary.CreateBuilder<string, string>();
        string? marker = null;
        do
        {
            var page = await kms.ListAliasesAsync(new ListAliasesRequest { Limit = 100, Marker = marker });
            foreach (var alias in page.Aliases ?? [])
            {
                // AWS's own aliases have no target until their service makes the key.
                if (alias.TargetKeyId is { Length: > 0 } target)
                {
                    aliases[alias.AliasName] = target;
                }
            }

            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return aliases.ToImmutable();
    }
}
