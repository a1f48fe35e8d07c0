using System.Collections.Frozen;

namespace KmsOperator.Policies;

/// <summary>What the keys of a service cannot be.</summary>
/// <param name="SymmetricOnly">The service works with keys of symmetric encryption only.</param>
/// <param name="SingleRegionOnly">The service does not work with multi-Region keys.</param>
/// <param name="Region">The only Region whose keys the service takes; null where it takes those of any.</param>
/// <param name="NoAlias">The service takes the key by its id only, not by an alias.</param>
public sealed record ServiceLimits(bool SymmetricOnly = true, bool SingleRegionOnly = false, string? Region = null, bool NoAlias = false)
{
    // The guides of all nineteen services ask for symmetric encryption. Amazon MWAA's guide, "Customer managed keys", asks for no multi-Region key.
    private static readonly FrozenDictionary<string, ServiceLimits> Rows = ServiceCatalogue.Services.Keys.ToFrozenDictionary(
        service => service,
        service => service switch
        {
            "mwaa" => new ServiceLimits(SingleRegionOnly: true),
            _ => new ServiceLimits(),
        },
        StringComparer.Ordinal);

    /// <summary>The limits of a service of the catalogue; null for others.</summary>
    public static ServiceLimits? TryGet(string service) => Rows.GetValueOrDefault(service);
}
