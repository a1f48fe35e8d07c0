namespace KmsOperator.Planning;

/// <summary>One key material of a symmetric encryption key whose material is imported, as ListKeyRotations shows it.</summary>
/// <param name="Id">KMS's id of it, which follows from the key and the material.</param>
/// <param name="State">KMS's own word; see <see cref="MaterialStates"/>.</param>
/// <param name="IsImported">Whether it is there now, in this Region.</param>
/// <param name="ValidTo">When KMS deletes it, in whole seconds; null for never.</param>
public sealed record ObservedMaterial(string Id, string State, bool IsImported, DateTimeOffset? ValidTo);

/// <summary>KMS's words for what a key material is to its key.</summary>
/// <remarks>Source: AWS KMS API reference, RotationsListEntry.</remarks>
public static class MaterialStates
{
    /// <summary>Encrypts and decrypts.</summary>
    public const string Current = "CURRENT";

    /// <summary>Decrypts what it once encrypted.</summary>
    public const string NonCurrent = "NON_CURRENT";

    /// <summary>Becomes current with the next rotation on demand.</summary>
    public const string PendingRotation = "PENDING_ROTATION";

    /// <summary>The same, once all replicas have it.</summary>
    public const string PendingMultiRegionImport = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

    /// <summary>Whether the key does not depend on the material yet.</summary>
    public static bool IsPending(string state) => state is PendingRotation or PendingMultiRegionImport;
}
