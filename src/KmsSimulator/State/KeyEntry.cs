namespace KmsSimulator.State;

/// <summary>A key in one Region: what never changes, and where to find what does.</summary>
internal sealed class KeyEntry(string accountId, string region, KeyGroup group)
{
    public string AccountId => accountId;

    public string Region => region;

    public KeyGroup Group => group;

    public string KeyId => group.KeyId;

    public string Arn { get; } = State.Arn.Key(accountId, region, group.KeyId);

    public Versioned<KeyRecord> Record { get; } = new();

    /// <summary>The truth about the key. It exists as long as the entry does.</summary>
    public KeyRecord Current => Record.Current!;

    /// <summary>The truth about what it shares.</summary>
    public SharedProperties Shared => group.Shared.Current!;

    public bool IsPrimary => Shared.PrimaryRegion == region;

    /// <summary>Aliases that name this key, or that some reader may still believe to.</summary>
    public SortedSet<string> AliasNames { get; } = new(StringComparer.Ordinal);

    public SortedSet<string> GrantIds { get; } = new(StringComparer.Ordinal);

    /// <summary>Tracked for each Region by itself.</summary>
    public KeyUsage? LastUsage { get; set; }
}
