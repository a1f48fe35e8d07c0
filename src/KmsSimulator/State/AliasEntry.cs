namespace KmsSimulator.State;

/// <summary>An alias's name and what it stands for.</summary>
internal sealed class AliasEntry(string name)
{
    public string Name => name;

    public Versioned<AliasRecord> Record { get; } = new();
}

/// <summary>What an alias stands for.</summary>
internal sealed record AliasRecord(string TargetKeyId, DateTimeOffset CreationDate, DateTimeOffset LastUpdatedDate);
