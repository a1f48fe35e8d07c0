using System.Globalization;
using System.Security.Cryptography;
using KmsSimulator.Grants;
using KmsSimulator.Keys;

namespace KmsSimulator.State;

/// <summary>All that KMS has of one account. Whoever reads or writes it holds the gate; nothing slow happens behind it.</summary>
/// <param name="id">12 digits.</param>
/// <param name="seed">Fixes its ids and delays: its own, whatever happens in other accounts.</param>
/// <param name="consistencyDelay">For how long, at most, a write is invisible.</param>
/// <param name="clock">The time that keys live in.</param>
internal sealed class KmsAccount(string id, Seed seed, TimeSpan consistencyDelay, TimeProvider clock)
{
    // Two sequences: how many delays were drawn must not change the next id.
    private readonly Chance _delays = seed.Sequence($"{id}/delays");
    private readonly SortedDictionary<string, KmsAccountRegion> _regions = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Action<DateTimeOffset>, DateTimeOffset> _due = new();

    public string Id => id;

    /// <summary>Ids of keys, grants and events, in the order of the calls that make them.</summary>
    public Chance Ids { get; } = seed.Sequence($"{id}/ids");

    public Lock Gate { get; } = new();

    /// <summary>The Regions that were ever called.</summary>
    public IReadOnlyDictionary<string, KmsAccountRegion> Regions => _regions;

    public KmsAccountRegion Region(string name)
    {
        if (!_regions.TryGetValue(name, out var region))
        {
            _regions[name] = region = new KmsAccountRegion();
            AwsManagedKeys.AddTo(this, name, region, clock.GetUtcNow());
        }

        return region;
    }

    /// <summary>Lets everything happen whose time has come, in its order and at its own time.</summary>
    public void Settle(DateTimeOffset now)
    {
        while (_due.TryPeek(out var happen, out var at) && at <= now)
        {
            _due.Dequeue();
            happen(at);
        }
    }

    /// <summary>Lets something happen later. What was called off by then has to see so itself.</summary>
    public void At(DateTimeOffset time, Action<DateTimeOffset> happen) => _due.Enqueue(happen, time);

    /// <summary>When readers will see a write.</summary>
    public DateTimeOffset VisibleAt(DateTimeOffset now) =>
        consistencyDelay == TimeSpan.Zero ? now : now + _delays.UpTo(consistencyDelay);

    /// <summary>Id of a key's material: 64 hex digits. Rotations happen as time passes, so it depends on the material alone.</summary>
    public string MaterialId(string keyId, int number) => MaterialId(keyId, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Id of imported material: it depends on the key and the material, so that the same material has the same id again.</summary>
    public string MaterialId(string keyId, byte[] secret) => MaterialId(keyId, Convert.ToHexStringLower(SHA256.HashData(secret)));

    /// <summary>The id, a UUID, of something that a name stands for: the same in whatever order things are made.</summary>
    public string IdOf(string name) => seed.Sequence($"{id}/{name}").Uuid();

    /// <summary>A client changed a key.</summary>
    public void Write(KeyEntry key, KeyRecord record, DateTimeOffset now) => key.Record.Write(record, now, VisibleAt(now));

    /// <summary>A client changed what a key and its replicas share.</summary>
    public void Write(KeyGroup group, SharedProperties shared, DateTimeOffset now) => group.Shared.Write(shared, now, VisibleAt(now));

    /// <summary>A client made an alias, moved it (the old target is <paramref name="from"/>) or deleted it.</summary>
    public void Write(KmsAccountRegion region, string name, AliasRecord? record, KeyEntry? from, DateTimeOffset now)
    {
        var alias = region.AliasToWrite(name);
        var visibleAt = VisibleAt(now);
        alias.Record.Write(record, now, visibleAt);
        if (record is not null)
            region.Key(record.TargetKeyId)?.AliasNames.Add(name);
        if (visibleAt > now)
            At(visibleAt, Forget);
        else
            Forget(now);

        // What no reader believes in any more is dropped.
        void Forget(DateTimeOffset at)
        {
            alias.Record.Read(at);
            if (from is not null && !alias.Record.Any(version => version.TargetKeyId == from.KeyId))
                from.AliasNames.Remove(name);
            if (region.Alias(name) == alias && !alias.Record.Any(_ => true))
                region.RemoveAlias(name);
        }
    }

    /// <summary>A client made a grant.</summary>
    public void Write(KmsAccountRegion region, KeyEntry key, Grant grant, DateTimeOffset now) =>
        region.AddGrant(grant.Id, grant.RetiringPrincipal, key).Write(grant, now, VisibleAt(now));

    /// <summary>A client revoked or retired a grant.</summary>
    public void RemoveGrant(KmsAccountRegion region, KeyEntry key, string id, DateTimeOffset now)
    {
        var visibleAt = VisibleAt(now);
        region.GrantToWrite(id).Write(null, now, visibleAt);
        if (visibleAt > now)
            At(visibleAt, _ => region.RemoveGrant(id, key));
        else
            region.RemoveGrant(id, key);
    }

    private string MaterialId(string keyId, string name) => Convert.ToHexStringLower(seed.Bytes($"{id}/{keyId}/{name}"));
}
