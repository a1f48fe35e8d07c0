namespace KmsSimulator.Model;

/// <summary>All keys and aliases of all accounts and Regions. Callers hold <see cref="Lock"/>; every operation is short.</summary>
internal sealed class World(SimulatorClock clock, TimeSpan consistencyDelay, int seed)
{
    private readonly Dictionary<(string Account, string Region), RegionState> _regions = [];
#pragma warning disable RS0030 // Seeded: the same requests get the same ids and delays.
    private Random _random = new(seed);
#pragma warning restore RS0030

    /// <summary>Guards everything here.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The time.</summary>
    public SimulatorClock Clock => clock;

    /// <summary>How long a replica is Creating, and a change of the primary Region takes.</summary>
    public TimeSpan TransitionTime { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Everything that exists.</summary>
    public IEnumerable<RegionState> Regions => _regions.Values;

    /// <summary>One account's part of one Region.</summary>
    public RegionState Region(string account, string region)
    {
        if (!_regions.TryGetValue((account, region), out var state))
        {
            _regions[(account, region)] = state = new RegionState(account, region, this);
        }

        return state;
    }

    /// <summary>The members of a multi-Region family.</summary>
    public IEnumerable<KeyRecord> Members(string account, string keyId) => _regions
        .Where(entry => entry.Key.Account == account)
        .Select(entry => entry.Value.True(keyId))
        .OfType<KeyRecord>();

    /// <summary>When a write becomes visible to readers.</summary>
    public DateTimeOffset VisibleAt(DateTimeOffset now) =>
        consistencyDelay == TimeSpan.Zero ? now : now + (consistencyDelay * (0.5 + (0.5 * _random.NextDouble())));

    /// <summary>Lower-case hex digits, the same for the same seed.</summary>
    public string Hex(int digits)
    {
        var bytes = new byte[(digits + 1) / 2];
        _random.NextBytes(bytes);
        return Convert.ToHexStringLower(bytes)[..digits];
    }

    /// <summary>Random bytes, the same for the same seed.</summary>
    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A random id in UUID form.</summary>
    public string Uuid()
    {
        var hex = Hex(32);
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }

    /// <summary>Lets deletions and state changes happen whose time has come.</summary>
    public void Settle()
    {
        var now = clock.Now;
        foreach (var region in _regions.Values)
        {
            foreach (var key in region.Keys.Where(key => key.State == KeyState.PendingDeletion && key.DeletionDate <= now).ToArray())
            {
                region.Remove(key);
                var primary = key.Family is { } family && family.PrimaryRegion != key.Region ? Region(key.AccountId, family.PrimaryRegion).True(key.KeyId) : null;
                if (primary is { State: KeyState.PendingReplicaDeletion } && Members(key.AccountId, key.KeyId).All(member => member.Region == primary.Region))
                {
                    Region(primary.AccountId, primary.Region).Put(primary with
                    {
                        State = KeyState.PendingDeletion,
                        DeletionDate = now.AddDays(primary.PendingWindowDays ?? 30),
                    });
                }
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _regions.Clear();
#pragma warning disable RS0030
        _random = new Random(seed);
#pragma warning restore RS0030
    }
}

/// <summary>The keys and aliases of one account in one Region.</summary>
internal sealed class RegionState(string account, string region, World world)
{
    private readonly Dictionary<string, Slot<KeyRecord>> _keys = [];
    private readonly SortedDictionary<string, Slot<AliasRecord>> _aliases = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    public string Account => account;

    public string Name => region;

    /// <summary>All keys as they truly are, in the order in which they were made.</summary>
    public IEnumerable<KeyRecord> Keys => _order.Select(True).OfType<KeyRecord>();

    /// <summary>All keys as a reader sees them.</summary>
    public IEnumerable<KeyRecord> VisibleKeys => _order.Select(Visible).OfType<KeyRecord>();

    /// <summary>All aliases as they truly are.</summary>
    public IEnumerable<AliasRecord> Aliases => _aliases.Values.Select(slot => slot.Current).OfType<AliasRecord>();

    /// <summary>All aliases as a reader sees them, by name.</summary>
    public IEnumerable<AliasRecord> VisibleAliases => _aliases.Values.Select(slot => slot.Visible(world.Clock.Now)).OfType<AliasRecord>();

    public KeyRecord? True(string keyId) => _keys.TryGetValue(keyId, out var slot) ? slot.Current : null;

    public KeyRecord? Visible(string keyId) => _keys.TryGetValue(keyId, out var slot) ? slot.Visible(world.Clock.Now) : null;

    public AliasRecord? TrueAlias(string name) => _aliases.TryGetValue(name, out var slot) ? slot.Current : null;

    public AliasRecord? VisibleAlias(string name) => _aliases.TryGetValue(name, out var slot) ? slot.Visible(world.Clock.Now) : null;

    public void Put(KeyRecord key)
    {
        if (!_keys.TryGetValue(key.KeyId, out var slot))
        {
            _keys[key.KeyId] = slot = new Slot<KeyRecord>();
            _order.Add(key.KeyId);
        }

        var now = world.Clock.Now;
        slot.Set(key, now, world.VisibleAt(now));
    }

    /// <summary>Removes a key and its aliases for good.</summary>
    public void Remove(KeyRecord key)
    {
        _keys.Remove(key.KeyId);
        _order.Remove(key.KeyId);
        foreach (var name in _aliases.Where(alias => alias.Value.Current?.TargetKeyId == key.KeyId).Select(alias => alias.Key).ToArray())
        {
            _aliases.Remove(name);
        }
    }

    public void PutAlias(string name, AliasRecord? alias)
    {
        if (!_aliases.TryGetValue(name, out var slot))
        {
            _aliases[name] = slot = new Slot<AliasRecord>();
        }

        var now = world.Clock.Now;
        slot.Set(alias, now, world.VisibleAt(now));
    }
}

/// <summary>An alias.</summary>
internal sealed record AliasRecord(string Name, string TargetKeyId, DateTimeOffset CreationDate, DateTimeOffset LastUpdatedDate);
