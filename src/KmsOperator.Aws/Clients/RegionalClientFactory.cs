using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>What all keys of one account and Region share.</summary>
/// <param name="Clients">SDK clients.</param>
/// <param name="Aliases">The Region's aliases.</param>
/// <param name="Scan">Finds keys by their tags, for creations whose answer was lost.</param>
public sealed record RegionalClients(KmsClients Clients, AliasDirectory Aliases, TagIndex Scan);

/// <summary>Creates the shared parts of each account and Region, and keeps them.</summary>
/// <param name="clients">Creates clients.</param>
/// <param name="time">The clock.</param>
/// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
public sealed class RegionalClientFactory(AwsClients clients, TimeProvider time, TimeSpan consistencyWindow)
{
    private readonly ConcurrentDictionary<AwsAccess, Lazy<RegionalClients>> _regions = new();
    private readonly ConcurrentDictionary<AwsAccess, Lazy<SingleFlight<string>>> _accounts = new();

    /// <summary>The shared parts of an account and Region; cheap after the first call.</summary>
    public RegionalClients For(AwsAccess access) => _regions.GetOrAdd(access, key => new Lazy<RegionalClients>(() => Create(key))).Value;

    /// <summary>
    /// Returns the account of an access's credentials, as STS of the access's Region answered at <paramref name="notBefore"/> or later.
    /// A key id does not tell its account. So ask this before a write, and before concluding that a key does not exist.
    /// </summary>
    public async Task<string> GetAccountIdAsync(AwsAccess access, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var account = _accounts.GetOrAdd(access, key => new Lazy<SingleFlight<string>>(() =>
            new SingleFlight<string>(time, _ => AccountIdentity.GetAccountIdAsync(clients.For(key).Sts, CancellationToken.None))));
        return (await account.Value.GetAsync(notBefore, cancellationToken)).Value;
    }

    private RegionalClients Create(AwsAccess access)
    {
        var regional = clients.For(access);
        return new RegionalClients(
            regional,
            new AliasDirectory(regional.Reading, time, consistencyWindow),
            new TagIndex(regional.Reading, time, consistencyWindow));
    }
}
