namespace KmsOperator.Policies;

/// <summary>What the keys of a service cannot be.</summary>
/// <param name="KeySpec">The only key spec that the service works with.</param>
/// <param name="KeyUsage">The only key usage that the service works with.</param>
/// <param name="SingleRegionOnly">The service does not work with multi-Region keys.</param>
/// <param name="Region">The only Region whose keys the service takes; null where it takes those of any.</param>
/// <param name="NoAlias">The service takes the key by its id only, not by an alias.</param>
public sealed record ServiceLimits(
    string KeySpec = "SYMMETRIC_DEFAULT", string KeyUsage = "ENCRYPT_DECRYPT", bool SingleRegionOnly = false, string? Region = null, bool NoAlias = false)
{
    /// <summary>Whether the service works with keys of symmetric encryption.</summary>
    public bool IsSymmetric => KeySpec == "SYMMETRIC_DEFAULT";

    /// <summary>What such a key can be used for.</summary>
    public KeyActions Actions => KeyActions.TryGet(KeySpec, KeyUsage)!;

    /// <summary>The limits of a service of the catalogue; null for others.</summary>
    public static ServiceLimits? TryGet(string service) => ServiceCatalogue.Services.GetValueOrDefault(service)?.Limits;
}
