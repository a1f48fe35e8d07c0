using System.Text.Json.Nodes;
using KmsSimulator.State;

namespace KmsSimulator.Keys;

/// <summary>KeyMetadata as CreateKey, DescribeKey and ReplicateKey show it.</summary>
/// <remarks>Source: AWS KMS API reference, KeyMetadata.</remarks>
internal static class KeyMetadata
{
    public static JsonObject Of(KeyEntry key, KeyRecord record, SharedProperties shared, DateTimeOffset now)
    {
        var group = key.Group;
        var (field, algorithms) = KeySpecs.Algorithms(group.KeySpec, group.KeyUsage);
        var json = new JsonObject
        {
            ["AWSAccountId"] = key.AccountId,
            ["KeyId"] = key.KeyId,
            ["Arn"] = key.Arn,
            ["CreationDate"] = Time(record.CreationDate),
            ["Enabled"] = record.State == KeyState.Enabled,
            ["Description"] = record.Description,
            ["KeyUsage"] = group.KeyUsage,
            ["KeyState"] = record.State.ToString(),
            ["Origin"] = group.Origin,
            ["KeyManager"] = group.IsAwsManaged ? "AWS" : "CUSTOMER",
            ["CustomerMasterKeySpec"] = group.KeySpec,
            ["KeySpec"] = group.KeySpec,
            [field] = new JsonArray([.. algorithms.Select(name => (JsonNode)name)]),
            ["MultiRegion"] = group.IsMultiRegion,
        };
        if (record.DeletionDate is { } date)
            json["DeletionDate"] = Time(date);
        if (record.State == KeyState.PendingReplicaDeletion)
            json["PendingDeletionWindowInDays"] = record.PendingWindowInDays;
        if (group.IsSymmetricEncryption && group.CustomKeyStoreId is null && !shared.Materials.IsEmpty)
            json["CurrentKeyMaterialId"] = shared.Materials[^1].Id;
        if (!shared.Materials.IsEmpty && record.Imports.GetValueOrDefault(shared.Materials[^1].Id) is { } import)
        {
            json["ExpirationModel"] = import.ExpirationModel;
            if (import.ValidTo is { } validTo)
                json["ValidTo"] = Time(validTo);
        }

        if (group.CustomKeyStoreId is { } store)
            json["CustomKeyStoreId"] = store;
        if (group.XksKeyId is { } externalKey)
            json["XksKeyConfiguration"] = new JsonObject { ["Id"] = externalKey };
        if (group.IsMultiRegion)
            json["MultiRegionConfiguration"] = MultiRegionConfiguration(key, shared, now);
        return json;
    }

    /// <summary>Seconds since the epoch, as KMS sends times.</summary>
    public static double Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static JsonObject MultiRegionConfiguration(KeyEntry key, SharedProperties shared, DateTimeOffset now)
    {
        // While the primary Region changes, the old and the new primary both read as replicas.
        var isPrimary = shared.PrimaryRegion == key.Region && !(shared.UpdatingUntil > now);
        return new JsonObject
        {
            ["MultiRegionKeyType"] = isPrimary ? "PRIMARY" : "REPLICA",
            ["PrimaryKey"] = Member(shared.PrimaryRegion),
            ["ReplicaKeys"] = new JsonArray([.. shared.Regions.Where(region => region != shared.PrimaryRegion).Select(Member)]),
        };

        JsonNode Member(string region) => new JsonObject { ["Arn"] = Arn.Key(key.AccountId, region, key.KeyId), ["Region"] = region };
    }
}
