using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>What one key must be: spec, class and defaults resolved, policy rendered, nothing left to look up.</summary>
public sealed record DesiredKey
{
    /// <summary>The resource that the key is for.</summary>
    public required KeyOwner Owner { get; init; }

    /// <summary>Account and Region of the key.</summary>
    public required KeyLocation Location { get; init; }

    /// <summary>The service of the catalogue, if any.</summary>
    public string? Service { get; init; }

    /// <summary>KMS description.</summary>
    public required string Description { get; init; }

    /// <summary>Full alias name, <c>alias/...</c>.</summary>
    public required string AliasName { get; init; }

    /// <summary>
    /// The ServiceKey whose alias a replica takes over, while that ServiceKey does not have it; null where nothing is waited for. Of two ServiceKeys that want one alias,
    /// each could get it in one Region otherwise.
    /// </summary>
    public string? AliasWaitsFor { get; init; }

    /// <summary>Full names of the key's other aliases, <see cref="AliasName"/> not among them.</summary>
    public IReadOnlyList<string> AdditionalAliases { get; init; } = [];

    /// <summary>All aliases of the key.</summary>
    public IEnumerable<string> AliasNames => AdditionalAliases.Prepend(AliasName);

    /// <summary>KMS key spec.</summary>
    public required string KeySpec { get; init; }

    /// <summary>KMS key usage.</summary>
    public required string KeyUsage { get; init; }

    /// <summary>Where the key material comes from: one of <see cref="KeyOrigins"/>.</summary>
    public string Origin { get; init; } = KeyOrigins.Kms;

    /// <summary>The key material that the operator imports; null where there is none to import.</summary>
    public DesiredMaterial? Material { get; init; }

    /// <summary>The custom key store that the key is in; null for none.</summary>
    public string? CustomKeyStoreId { get; init; }

    /// <summary>The key in the external key store; null for none.</summary>
    public string? XksKeyId { get; init; }

    /// <summary>Whether the key is a multi-Region key.</summary>
    public bool MultiRegion { get; init; }

    /// <summary>Whether the key may be used.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Rotation; null for keys that cannot rotate. It is set on a key that is no replica: replicas follow their primary.</summary>
    public DesiredRotation? Rotation { get; init; }

    /// <summary>The key policy.</summary>
    public required KeyPolicy Policy { get; init; }

    /// <summary>The grants that the operator keeps on the key; others may be there too.</summary>
    public IReadOnlyList<DesiredGrant> Grants { get; init; } = [];

    /// <summary>All tags but <c>servicekey.dev/attempt</c>, which belongs to a creation and not to the desired state.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>What deleting the resource does to the key: one of <see cref="DeletionPolicies"/>.</summary>
    public string DeletionPolicy { get; init; } = DeletionPolicies.Retain;

    /// <summary>7 to 30 days.</summary>
    public int PendingDeletionWindowDays { get; init; } = 30;

    /// <summary>An existing key to take over: id, ARN or alias; null to make one.</summary>
    public string? AdoptKeyId { get; init; }

    /// <summary>Whether the alias may be taken from another key: the spec asks and the class permits it.</summary>
    public bool TakeOverAlias { get; init; }

    /// <summary>Whether somebody else's scheduled deletion is cancelled: the spec says Retain and the class permits it.</summary>
    public bool Undelete { get; init; }

    /// <summary>Whether a key that is gone for good is replaced by a new one.</summary>
    public bool RecreateLostKey { get; init; }

    /// <summary>Whether nothing may be written to AWS.</summary>
    public bool ObserveOnly { get; init; }

    /// <summary>For KeyReplicas: the key that theirs is a copy of.</summary>
    public PrimaryKey? Primary { get; init; }

    /// <summary>Where the primary is to be; null to leave it where it is.</summary>
    public WantedPrimary? WantedPrimary { get; init; }
}

/// <summary>Automatic rotation as wanted.</summary>
/// <param name="Enabled">Whether KMS rotates by itself.</param>
/// <param name="PeriodDays">90 to 2560.</param>
public sealed record DesiredRotation(bool Enabled, int PeriodDays);

/// <summary>The multi-Region key that a KeyReplica refers to.</summary>
/// <param name="KeyId">The id, which primary and replicas share.</param>
/// <param name="Region">
/// The Region of the ServiceKey's own key, or of the key that an ARN names. Its key was the primary once; where the primary is now, KMS says.
/// </param>
public sealed record PrimaryKey(string KeyId, string Region);

/// <summary>Where the primary of a multi-Region key is to be.</summary>
/// <param name="Region">The Region.</param>
/// <param name="OwnerPath">The resource that has the key there, as in the tag <c>servicekey.dev/owner</c>.</param>
public sealed record WantedPrimary(string Region, string OwnerPath);
