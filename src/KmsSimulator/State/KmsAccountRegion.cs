using KmsSimulator.Grants;
using KmsSimulator.Keys;

namespace KmsSimulator.State;

/// <summary>One account's keys, aliases and grants in one Region. The account's gate guards it.</summary>
internal sealed class KmsAccountRegion
{
    private readonly Dictionary<string, KeyEntry> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AliasEntry> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Versioned<Grant>> _grants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<string>> _grantsToRetire = new(StringComparer.Ordinal);

    /// <summary>Ids of all keys, in the order that lists have.</summary>
    public SortedSet<string> KeyIds { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of all aliases.</summary>
    public SortedSet<string> AliasNames { get; } = new(StringComparer.Ordinal);

    /// <summary>These, and the AWS aliases that have no key yet, in the order that lists have.</summary>
    public SortedSet<string> ListedAliasNames { get; } = new(AwsManagedKeys.AliasNames, StringComparer.Ordinal);

    public KeyEntry? Key(string id) => _keys.GetValueOrDefault(id);

    public AliasEntry? Alias(string name) => _aliases.GetValueOrDefault(name);

    /// <summary>The grant of an id as it is; null for one that does not exist, or was revoked or retired.</summary>
    public Grant? Grant(string id) => _grants.GetValueOrDefault(id)?.Current;

    /// <summary>The grant of an id as readers see it.</summary>
    public Grant? Grant(string id, DateTimeOffset now) => _grants.GetValueOrDefault(id)?.Read(now);

    /// <summary>Ids of the grants that a principal may retire, with those that some readers still see.</summary>
    public SortedSet<string> GrantsToRetire(string principal) => _grantsToRetire.GetValueOrDefault(principal) ?? [];

    public void Add(KeyEntry key)
    {
        _keys.Add(key.KeyId, key);
        KeyIds.Add(key.KeyId);
    }

    /// <summary>Adds a key that no list has: it is found by its id and its aliases.</summary>
    public void AddUnlisted(KeyEntry key) => _keys.Add(key.KeyId, key);

    /// <summary>Removes a key with all that belongs to it.</summary>
    public void Remove(KeyEntry key)
    {
        _keys.Remove(key.KeyId);
        KeyIds.Remove(key.KeyId);
        foreach (var name in key.AliasNames)
        {
            if (Alias(name)?.Record.Current is not { } alias || alias.TargetKeyId == key.KeyId)
                RemoveAlias(name);
        }

        foreach (var id in key.GrantIds.ToArray())
            RemoveGrant(id, key);
    }

    /// <summary>The alias of this name, made if need be.</summary>
    public AliasEntry AliasToWrite(string name)
    {
        if (!_aliases.TryGetValue(name, out var alias))
        {
            _aliases[name] = alias = new AliasEntry(name);
            AliasNames.Add(name);
            ListedAliasNames.Add(name);
        }

        return alias;
    }

    public void RemoveAlias(string name)
    {
        _aliases.Remove(name);
        AliasNames.Remove(name);
        ListedAliasNames.Remove(name);
    }

    /// <summary>The versions of a new grant.</summary>
    public Versioned<Grant> AddGrant(string id, string? retiringPrincipal, KeyEntry key)
    {
        var versions = _grants[id] = new Versioned<Grant>();
        key.GrantIds.Add(id);
        if (retiringPrincipal is { } principal)
        {
            if (!_grantsToRetire.TryGetValue(principal, out var ids))
                _grantsToRetire[principal] = ids = new SortedSet<string>(StringComparer.Ordinal);
            ids.Add(id);
        }

        return versions;
    }

    /// <summary>The versions of a grant that exists.</summary>
    public Versioned<Grant> GrantToWrite(string id) => _grants[id];

    /// <summary>Forgets a grant that no reader sees any more.</summary>
    public void RemoveGrant(string id, KeyEntry key)
    {
        _grants.Remove(id);
        key.GrantIds.Remove(id);
        foreach (var ids in _grantsToRetire.Values)
            ids.Remove(id);
    }
}
