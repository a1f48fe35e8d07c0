namespace KmsOperator.Planning;

/// <summary>A key as KMS showed it.</summary>
public sealed record ObservedKey
{
    /// <summary>Key id.</summary>
    public required string KeyId { get; init; }

    /// <summary>ARN.</summary>
    public required string Arn { get; init; }

    /// <summary>KMS's own word; see <see cref="KeyStates"/>.</summary>
    public required string KeyState { get; init; }

    /// <summary>Description, empty if none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Key spec.</summary>
    public required string KeySpec { get; init; }

    /// <summary>Key usage.</summary>
    public required string KeyUsage { get; init; }

    /// <summary><c>PRIMARY</c> or <c>REPLICA</c>; null for single-Region keys.</summary>
    public string? MultiRegionKeyType { get; init; }

    /// <summary>Region of the primary; null for single-Region keys.</summary>
    public string? PrimaryRegion { get; init; }

    /// <summary>ARNs of the replicas, as the primary or any replica lists them.</summary>
    public IReadOnlyList<string> ReplicaArns { get; init; } = [];

    /// <summary>The policy document.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Rotation; null where it was not or could not be read.</summary>
    public ObservedRotation? Rotation { get; init; }

    /// <summary>All tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>All grants; null where they were not read.</summary>
    public IReadOnlyList<ObservedGrant>? Grants { get; init; }

    /// <summary>Target key id of each alias that matters here; absent where there is no such alias.</summary>
    public IReadOnlyDictionary<string, string> AliasTargets { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the key material comes from: one of <see cref="KeyOrigins"/>.</summary>
    public string Origin { get; init; } = KeyOrigins.Kms;

    /// <summary>The custom key store that the key is in; null for none.</summary>
    public string? CustomKeyStoreId { get; init; }

    /// <summary>The key in the external key store; null for none.</summary>
    public string? XksKeyId { get; init; }

    /// <summary>When KMS deletes the current imported material, in whole seconds; null for never.</summary>
    public DateTimeOffset? MaterialValidTo { get; init; }

    /// <summary>The imported materials of a symmetric encryption key; null for other keys, and where they were not read.</summary>
    public IReadOnlyList<ObservedMaterial>? Materials { get; init; }

    /// <summary>When the first of the imported materials expires, as far as they were read; null for never. KMS makes a key unusable of which any material that it has used is gone.</summary>
    public DateTimeOffset? FirstExpiry => Materials?.Where(material => material.IsImported).Min(material => material.ValidTo) ?? MaterialValidTo;

    /// <summary>Whether AWS manages the key for one of its services; such keys are nobody else's to change.</summary>
    public bool IsAwsManaged { get; init; }

    /// <summary>When the key was made, where KMS said so.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>When KMS deletes the key, while it is pending deletion.</summary>
    public DateTimeOffset? DeletionDate { get; init; }

    /// <summary>Whether the key is a multi-Region key.</summary>
    public bool MultiRegion => MultiRegionKeyType is not null;
}

/// <summary>Rotation as KMS shows it.</summary>
/// <param name="Enabled">Whether KMS rotates by itself.</param>
/// <param name="PeriodDays">Days between rotations; null where KMS does not say.</param>
/// <param name="NextRotationDate">When KMS rotates next.</param>
public sealed record ObservedRotation(bool Enabled, int? PeriodDays, DateTimeOffset? NextRotationDate);

/// <summary>KMS's key states.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key states of AWS KMS keys".</remarks>
public static class KeyStates
{
    /// <summary>Usable.</summary>
    public const string Enabled = "Enabled";

    /// <summary>Not usable until enabled.</summary>
    public const string Disabled = "Disabled";

    /// <summary>Not usable until its key material is imported.</summary>
    public const string PendingImport = "PendingImport";

    /// <summary>Waiting for its deletion date.</summary>
    public const string PendingDeletion = "PendingDeletion";

    /// <summary>A primary that waits for its replicas to be deleted first.</summary>
    public const string PendingReplicaDeletion = "PendingReplicaDeletion";

    /// <summary>A replica that is being made.</summary>
    public const string Creating = "Creating";

    /// <summary>The primary Region is being changed.</summary>
    public const string Updating = "Updating";

    /// <summary>Whether the key is on its way out.</summary>
    public static bool IsPendingDeletion(string state) => state is PendingDeletion or PendingReplicaDeletion;
}
