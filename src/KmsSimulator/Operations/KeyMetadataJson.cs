using System.Text.Json.Nodes;
using KmsSimulator.Model;

namespace KmsSimulator.Operations;

/// <summary>KeyMetadata as DescribeKey, CreateKey and ReplicateKey show it.</summary>
internal static class KeyMetadataJson
{
    public static JsonObject Of(World world, KeyRecord key)
    {
        var now = world.Clock.Now;
        var state = key.StateAt(now);
        var json = new JsonObject
        {
            ["AWSAccountId"] = key.AccountId,
            ["KeyId"] = key.KeyId,
            ["Arn"] = key.Arn,
            ["CreationDate"] = Time(key.CreationDate),
            ["Enabled"] = state == KeyState.Enabled,
            ["Description"] = key.Description,
            ["KeyUsage"] = key.KeyUsage,
            ["KeyState"] = state,
            ["Origin"] = key.Origin,
            ["KeyManager"] = "CUSTOMER",
            ["CustomerMasterKeySpec"] = key.KeySpec,
            ["KeySpec"] = key.KeySpec,
            ["MultiRegion"] = key.Family is not null,
        };
        var (field, algorithms) = KeySpecs.Algorithms(key.KeySpec, key.KeyUsage);
        json[field] = new JsonArray([.. algorithms.Select(name => (JsonNode)name)]);
        if (key.DeletionDate is { } date)
        {
            json["DeletionDate"] = Time(date);
        }

        if (state == KeyState.PendingReplicaDeletion)
        {
            json["PendingDeletionWindowInDays"] = key.PendingWindowDays;
        }

        if (key.Family is { } family)
        {
            var members = world.Members(key.AccountId, key.KeyId).OrderBy(member => member.Region, StringComparer.Ordinal).ToArray();
            var primary = members.FirstOrDefault(member => member.Region == family.PrimaryRegion) ?? key;
            json["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = family.PrimaryRegion == key.Region ? "PRIMARY" : "REPLICA",
                ["PrimaryKey"] = Reference(primary),
                ["ReplicaKeys"] = new JsonArray([.. members.Where(member => member != primary).Select(Reference)]),
            };
        }

        return json;
    }

    /// <summary>Seconds since the epoch, as KMS sends times.</summary>
    public static double Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static JsonNode Reference(KeyRecord key) => new JsonObject { ["Arn"] = key.Arn, ["Region"] = key.Region };
}
