using System.Collections.Immutable;

namespace KmsSimulator.State;

/// <summary>A primary key and its replicas; for a single-Region key, that key alone.</summary>
internal sealed class KeyGroup(string keyId, string keySpec, string keyUsage, string origin, bool multiRegion)
{
    public string KeyId => keyId;

    public string KeySpec => keySpec;

    public string KeyUsage => keyUsage;

    public string Origin => origin;

    public bool IsMultiRegion => multiRegion;

    /// <summary>Whether AWS made it for one of its services, instead of a customer.</summary>
    public bool IsAwsManaged { get; init; }

    /// <summary>The custom key store that it is in; null for none.</summary>
    public string? CustomKeyStoreId { get; init; }

    /// <summary>The key in the external key store; null for none.</summary>
    public string? XksKeyId { get; init; }

    public bool IsSymmetricEncryption => keySpec == "SYMMETRIC_DEFAULT";

    /// <summary>The keys that exist, by Region.</summary>
    public SortedDictionary<string, KeyEntry> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>What changes and all members share.</summary>
    public Versioned<SharedProperties> Shared { get; } = new();
}

/// <summary>What a primary key and its replicas share and KMS synchronises.</summary>
/// <remarks>Source: AWS KMS developer guide, "Multi-Region keys", "Shared properties".</remarks>
internal sealed record SharedProperties
{
    public required string PrimaryRegion { get; init; }

    /// <summary>All members' Regions, the primary's included.</summary>
    public required ImmutableSortedSet<string> Regions { get; init; }

    /// <summary>Key materials, oldest first; the last one encrypts.</summary>
    public required ImmutableArray<KeyMaterial> Materials { get; init; }

    /// <summary>An imported material that becomes current with the next rotation on demand.</summary>
    public KeyMaterial? PendingMaterial { get; init; }

    /// <summary>Days between automatic rotations; null when they are off.</summary>
    public int? RotationPeriodInDays { get; init; }

    public DateTimeOffset? NextRotationDate { get; init; }

    /// <summary>Since when an on-demand rotation is under way.</summary>
    public DateTimeOffset? OnDemandRotationStartDate { get; init; }

    /// <summary>Until when the new primary still reads as a replica.</summary>
    public DateTimeOffset? UpdatingUntil { get; init; }
}

/// <summary>One key material.</summary>
/// <param name="Id">64 hex digits.</param>
/// <param name="Secret">Its bytes.</param>
/// <param name="RotationDate">When it became current; null for the first.</param>
/// <param name="RotationType">AUTOMATIC or ON_DEMAND; null for the first.</param>
internal sealed record KeyMaterial(string Id, KeySecret Secret, DateTimeOffset? RotationDate, string? RotationType);
