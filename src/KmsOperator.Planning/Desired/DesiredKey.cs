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

    /// <summary>Full names of the key's other aliases, <see cref="AliasName"/> not among them.</summary>
    public IReadOnlyList<string> AdditionalAliases { get; init; } = [];

    /// <summary>All aliases of the key.</summary>
    public IEnumerable<string> AliasNames => AdditionalAliases.Prepend(AliasName);

    /// <summary>KMS key spec.</summary>
    public required string KeySpec { get; init; }

    /// <summary>KMS key usage.</summary>
    public required string KeyUsage { get; init; }

    /// <summary>Whether the key is a multi-Region key.</summary>
    public bool MultiRegion { get; init; }

    /// <summary>Whether the key may be used.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Rotation; null where it cannot be set: keys that cannot rotate, and replicas, which follow their primary.</summary>
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

    /// <summary>For replicas: the primary that the key is made from.</summary>
    public PrimaryKey? Primary { get; init; }
}

/// <summary>Automatic rotation as wanted.</summary>
/// <param name="Enabled">Whether KMS rotates by itself.</param>
/// <param name="PeriodDays">90 to 2560.</param>
public sealed record DesiredRotation(bool Enabled, int PeriodDays);

/// <summary>A multi-Region primary as a replica sees it.</summary>
/// <param name="KeyId">The id, which primary and replicas share.</param>
/// <param name="Region">The primary's Region, where ReplicateKey is called.</param>
public sealed record PrimaryKey(string KeyId, string Region);
