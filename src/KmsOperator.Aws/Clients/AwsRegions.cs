using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>What all keys of one account and Region share: clients, aliases, the scan for undecided creations.</summary>
/// <param name="Clients">SDK clients.</param>
/// <param name="Aliases">The Region's aliases.</param>
/// <param name="Scan">Finds keys of undecided creations.</param>
public sealed record AwsRegion(RegionClients Clients, AliasDirectory Aliases, CreationScan Scan);

/// <summary>The accounts and Regions that the operator works in.</summary>
/// <param name="clients">Makes clients.</param>
/// <param name="time">The clock.</param>
/// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
public sealed class AwsRegions(AwsClients clients, TimeProvider time, TimeSpan consistencyWindow)
{
    private readonly ConcurrentDictionary<AwsAccess, Lazy<AwsRegion>> _regions = new();

    /// <summary>The shared part of an account and Region; cheap after the first call.</summary>
    public AwsRegion For(AwsAccess access) => _regions.GetOrAdd(access, key => new Lazy<AwsRegion>(() => Create(key))).Value;

    private AwsRegion Create(AwsAccess access)
    {
        var regional = clients.For(access);
        return new AwsRegion(
            regional,
            new AliasDirectory(regional.Reading, time, consistencyWindow),
            new CreationScan(regional.Reading, time, consistencyWindow));
    }
}
