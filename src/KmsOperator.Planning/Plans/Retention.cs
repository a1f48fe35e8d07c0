namespace KmsOperator.Planning;

/// <summary>What is known of a key that its resource leaves behind.</summary>
public sealed record Retention
{
    /// <summary>Whether the key is disabled.</summary>
    public bool Disable { get; init; }

    /// <summary>Whether the key is enabled after its deletion was cancelled, unless it is disabled.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether the resource is known to have scheduled the deletion under an earlier policy, also where the key does not have its mark: AWS may have refused that.</summary>
    public bool HasScheduledDeletion { get; init; }

    /// <summary>Whether this process has written the mark that the key is left, in this deletion. One that KMS shows all the same may be of an earlier resource, and be gone: KMS shows old tags for a while.</summary>
    public bool IsMarked { get; init; }

    /// <summary>Aliases that the key has on record, and that no key has.</summary>
    public IReadOnlyList<string> LostAliases { get; init; } = [];
}
