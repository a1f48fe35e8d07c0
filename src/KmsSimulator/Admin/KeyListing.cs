using System.Text.Json.Nodes;
using KmsSimulator.Grants;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary><c>GET /_sim/keys</c>: the truth about all keys of all accounts, whatever the consistency delay.</summary>
internal static class KeyListing
{
    public static JsonArray Of(Simulation simulation)
    {
        var keys = new JsonArray();
        foreach (var account in simulation.Accounts)
        {
            lock (account.Gate)
            {
                account.Settle(simulation.Clock.GetUtcNow());
                foreach (var region in account.Regions.Values)
                {
                    foreach (var id in region.KeyIds)
                        keys.Add((JsonNode)Show(region, region.Key(id)!));
                }
            }
        }

        return keys;
    }

    private static JsonObject Show(KmsAccountRegion region, KeyEntry key)
    {
        var record = key.Current;
        var period = key.Shared.RotationPeriodInDays;
        return new JsonObject
        {
            ["accountId"] = key.AccountId,
            ["region"] = key.Region,
            ["keyId"] = key.KeyId,
            ["arn"] = key.Arn,
            ["keyState"] = record.State.ToString(),
            ["description"] = record.Description,
            ["keySpec"] = key.Group.KeySpec,
            ["keyUsage"] = key.Group.KeyUsage,
            ["multiRegion"] = key.Group.IsMultiRegion,
            ["multiRegionKeyType"] = !key.Group.IsMultiRegion ? null : key.IsPrimary ? "PRIMARY" : "REPLICA",
            ["aliases"] = new JsonArray([.. Aliases(region, key).Select(name => (JsonNode)name)]),
            ["grants"] = new JsonArray([.. Grants(region, key).Select(Show)]),
            ["tags"] = new JsonObject(record.Tags.Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
            ["policy"] = record.Policy.Document,
            ["rotation"] = new JsonObject { ["enabled"] = period is not null, ["periodDays"] = period },
            ["deletionDate"] = record.DeletionDate?.UtcDateTime,
        };
    }

    /// <summary>By name, since their ids say nothing to people.</summary>
    private static IEnumerable<Grant> Grants(KmsAccountRegion region, KeyEntry key) =>
        key.GrantIds.Select(region.Grant).OfType<Grant>().OrderBy(grant => grant.Name, StringComparer.Ordinal);

    private static JsonObject Show(Grant grant) => new()
    {
        ["name"] = grant.Name,
        ["grantee"] = grant.GranteePrincipal ?? grant.GranteeService,
        ["operations"] = new JsonArray([.. grant.Operations.Order(StringComparer.Ordinal).Select(operation => (JsonNode)operation)]),
        ["constraints"] = grant.Constraints?.Text,
    };

    private static IEnumerable<string> Aliases(KmsAccountRegion region, KeyEntry key) =>
        key.AliasNames.Where(name => region.Alias(name)?.Record.Current?.TargetKeyId == key.KeyId);
}
