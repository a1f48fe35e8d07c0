using KmsOperator.Api;
using KmsOperator.Planning;
using KmsSimulator.Grants;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Worlds;

/// <summary>The keys and aliases as KMS has them, not as its readers may still see them.</summary>
internal sealed class KeyTruth(KmsService kms)
{
    private static readonly string[] Accounts = [KmsService.AccountId, KmsService.AccountAbroad];

    /// <summary>All keys of all Regions.</summary>
    public IEnumerable<KeyEntry> All => Accounts.SelectMany(In);

    /// <summary>A key in a Region.</summary>
    public KeyEntry? Find(string region, string? keyId) => keyId is null ? null : Region(region)?.Key(keyId);

    /// <summary>What an alias names; null when there is none.</summary>
    public string? TargetOf(string region, string aliasName) => Region(region)?.Alias(aliasName)?.Record.Current?.TargetKeyId;

    /// <summary>Names of a Region's aliases with what they name.</summary>
    public IEnumerable<(string Name, string Target)> Aliases(string region)
    {
        foreach (var name in Region(region)?.AliasNames ?? [])
        {
            if (TargetOf(region, name) is { } target)
                yield return (name, target);
        }
    }

    /// <summary>The grants of a key that an operator made.</summary>
    public IEnumerable<Grant> OwnGrants(KeyEntry key) => Grants(key).Where(grant => GrantName.IsOwn(grant.Name ?? ""));

    /// <summary>The grants of a key.</summary>
    public IEnumerable<Grant> Grants(KeyEntry key) => key.GrantIds.Select(Region(key.Region)!.Grant).OfType<Grant>();

    /// <summary>A tag of a key.</summary>
    public static string? Tag(KeyEntry key, string name) => key.Current.Tags.GetValueOrDefault(name);

    /// <summary>The owner that a key's tags name, if they are this cluster's.</summary>
    public static string? OwnerOf(KeyEntry key) => Tag(key, TagNames.Cluster) == SimulatedWorld.ClusterId ? Tag(key, TagNames.Owner) : null;

    /// <summary>Whether a key's deletion is scheduled.</summary>
    public static bool IsPendingDeletion(KeyEntry key) => (key.Current.State & KeyState.Pending) != 0;

    private IEnumerable<KeyEntry> In(string accountId)
    {
        var account = kms.State.Account(accountId);
        account.Settle(kms.State.Clock.GetUtcNow());
        foreach (var region in account.Regions.Values)
        {
            foreach (var id in region.KeyIds)
            {
                if (region.Key(id) is { } key)
                    yield return key;
            }
        }
    }

    private KmsAccountRegion? Region(string region) => kms.State.Account(KmsService.AccountOf(region)).Regions.GetValueOrDefault(region);
}
