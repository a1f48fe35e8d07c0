using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>The accounts and Regions that the operator works in.</summary>
/// <param name="clients">Makes clients.</param>
/// <param name="time">The clock.</param>
/// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
public sealed class RegionalClientFactory(AwsClients clients, TimeProvider time, TimeSpan consistencyWindow)
{
    private readonly ConcurrentDictionary<AwsAccess, Lazy<RegionalClients>> _regions = new();
    private readonly ConcurrentDictionary<(string? RoleArn, string? ExternalId), Lazy<SingleFlight<string>>> _accounts = new();

    /// <summary>The shared part of an account and Region; cheap after the first call.</summary>
    public RegionalClients For(AwsAccess access) =>
        _regions.GetOrAdd(access, key => new Lazy<RegionalClients>(() => new RegionalClients(clients.For(key), time, consistencyWindow))).Value;

    /// <summary>
    /// The account that the credentials of an access belong to, as STS said at <paramref name="notBefore"/> or later. A key id says
    /// nothing of its account, so whoever is about to write, or to conclude that a key is gone, asks this first.
    /// </summary>
    public async Task<string> GetAccountIdAsync(AwsAccess access, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var account = _accounts.GetOrAdd((access.RoleArn, access.ExternalId), _ => new Lazy<SingleFlight<string>>(() =>
            new SingleFlight<string>(time, _ => AccountIdentity.GetAccountIdAsync(clients.For(access).Sts, CancellationToken.None))));
        return (await account.Value.GetAsync(notBefore, cancellationToken)).Value;
    }
}
