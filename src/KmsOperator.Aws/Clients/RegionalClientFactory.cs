using System.Collections.Concurrent;

namespace KmsOperator.Aws;

/// <summary>Creates the shared parts of each account and Region, and keeps them.</summary>
/// <param name="clients">Creates clients.</param>
/// <param name="time">The clock.</param>
/// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
public sealed class RegionalClientFactory(AwsClients clients, TimeProvider time, TimeSpan consistencyWindow)
{
    private readonly ConcurrentDictionary<AwsAccess, Lazy<RegionalClients>> _regions = new();
    private readonly ConcurrentDictionary<AwsAccess, Lazy<SingleFlight<AccountIdentity>>> _accounts = new();

    /// <summary>The shared parts of an account and Region; cheap after the first call.</summary>
    public RegionalClients For(AwsAccess access) =>
        _regions.GetOrAdd(access, key => new Lazy<RegionalClients>(() => new RegionalClients(clients.For(key), time, consistencyWindow))).Value;

    /// <summary>
    /// Returns the account of an access's credentials, as STS of the access's Region answered at <paramref name="notBefore"/> or later.
    /// A key id does not tell its account. So ask this before a write, and before concluding that a key does not exist.
    /// </summary>
    public async Task<string> GetAccountIdAsync(AwsAccess access, DateTimeOffset notBefore, CancellationToken cancellationToken) =>
        (await GetIdentityAsync(access, notBefore, cancellationToken)).AccountId;

    /// <summary>As <see cref="GetAccountIdAsync"/>, with the user or the session of the role.</summary>
    public async Task<AccountIdentity> GetIdentityAsync(AwsAccess access, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var account = _accounts.GetOrAdd(access, key => new Lazy<SingleFlight<AccountIdentity>>(() =>
            new SingleFlight<AccountIdentity>(time, _ => AccountIdentity.GetAsync(clients.For(key).Sts, CancellationToken.None))));
        return (await account.Value.GetAsync(notBefore, cancellationToken)).Value;
    }

    /// <summary>The account of an access's credentials, where it is known without a call: a role's ARN names it, and of others STS may have answered already.</summary>
    /// <returns>Null where it is not known.</returns>
    public string? FindAccountId(AwsAccess access) =>
        access.RoleArn is not null ? RequestRateLimiter.AccountOf(access)
        : _accounts.TryGetValue(access, out var account) && account.IsValueCreated ? account.Value.Latest?.AccountId
        : null;
}
