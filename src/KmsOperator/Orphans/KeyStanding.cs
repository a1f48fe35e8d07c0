namespace KmsOperator.Orphans;

/// <summary>What the cluster's resources say of a key that carries the cluster's tag.</summary>
internal enum KeyStanding
{
    /// <summary>A resource has the key in its status, or has the attempt that made it on record.</summary>
    InUse,

    /// <summary>KMS will delete the key.</summary>
    PendingDeletion,

    /// <summary>The resource was deleted with policy <c>Retain</c>, and the key says so.</summary>
    Retained,

    /// <summary>The owner's object could not be read, so its key is not known.</summary>
    Undecided,

    /// <summary>No resource has the key.</summary>
    Orphan,

    /// <summary>The owner has another key that carries the same tags.</summary>
    Doubled,
}

/// <summary>A key and its standing.</summary>
/// <param name="Key">The key.</param>
/// <param name="Standing">What it is.</param>
/// <param name="Owner">Its <c>servicekey.dev/owner</c> tag; empty if it has none.</param>
/// <param name="Why">A sentence for people.</param>
internal sealed record KeyFinding(TaggedKey Key, KeyStanding Standing, string Owner, string Why)
{
    /// <summary>Whether no resource has the key, and nobody left it on purpose.</summary>
    public bool IsOrphan => Standing is KeyStanding.Orphan or KeyStanding.Doubled;
}
