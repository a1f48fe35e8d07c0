using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Plans.Calls;

/// <summary>
/// The keys that the plan makes, and what it does to several Regions' keys at once. KMS does not know of either, so what is read of them is answered here.
/// </summary>
/// <param name="time">The time of their creation.</param>
internal sealed class PlannedKeys(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Region, string KeyId), JsonObject> _keys = new();
    private readonly ConcurrentDictionary<(string Region, string KeyId), string> _states = new();
    private readonly ConcurrentDictionary<string, string> _primaryRegions = new();
    private readonly ConcurrentDictionary<string, int> _rotations = new();
    private readonly ConcurrentDictionary<(string Region, string KeyId), JsonNode?> _imports = new();

    /// <summary>Stands for the id of key material that the plan imports; nobody has read it.</summary>
    public static string MaterialId { get; } = new('0', 64);

    /// <summary>Whether an id is that of a key that the plan makes in a Region.</summary>
    public bool Contains(string region, string keyId) => _keys.ContainsKey((region, keyId));

    /// <summary>Whether an id is that of a key that the plan makes.</summary>
    public bool Contains(string keyId) => _keys.Keys.Any(key => key.KeyId == keyId);

    /// <summary>Remembers that the plan changes a key's state.</summary>
    /// <param name="region">Its Region.</param>
    /// <param name="keyId">Its id.</param>
    /// <param name="keyState">Its state from then on.</param>
    public void SetState(string region, string keyId, string keyState) => _states[(region, keyId)] = keyState;

    /// <summary>Remembers that the plan moves a primary. The seconds that KMS takes for it are not a part of a plan.</summary>
    public void MovePrimary(string keyId, string region) => _primaryRegions[keyId] = region;

    /// <summary>Remembers that the plan sets a key's rotation, which all its Regions share.</summary>
    /// <param name="keyId">Its id.</param>
    /// <param name="days">Days between rotations; 0 for none.</param>
    public void SetRotation(string keyId, int days) => _rotations[keyId] = days;

    /// <summary>Remembers that the plan imports key material.</summary>
    /// <param name="region">The key's Region.</param>
    /// <param name="keyId">Its id.</param>
    /// <param name="validTo">When KMS would delete it, as the request says it; null for never.</param>
    public void Import(string region, string keyId, JsonNode? validTo)
    {
        SetState(region, keyId, KeyStates.Enabled);
        _imports[(region, keyId)] = validTo;
    }

    /// <summary>Puts what the plan does on top of what KMS answers.</summary>
    /// <param name="region">Where it was asked.</param>
    /// <param name="keyId">The key that was asked for.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="answer">The answer, which is changed.</param>
    /// <returns>Whether anything was changed.</returns>
    public bool Apply(string region, string keyId, string operation, JsonObject answer) => operation switch
    {
        "DescribeKey" => ApplyToMetadata(region, answer),
        "GetKeyRotationStatus" => ApplyToRotation(keyId, answer),
        "ListKeyRotations" => ApplyToMaterials(region, keyId, answer),
        _ => false,
    };

    private bool ApplyToRotation(string keyId, JsonObject answer)
    {
        if (!_rotations.TryGetValue(keyId, out var days))
        {
            return false;
        }

        answer["KeyRotationEnabled"] = days > 0;
        answer.Remove("RotationPeriodInDays");
        if (days > 0)
        {
            answer["RotationPeriodInDays"] = days;
        }

        return true;
    }

    private bool ApplyToMaterials(string region, string keyId, JsonObject answer)
    {
        if (!_imports.TryGetValue((region, keyId), out var validTo))
        {
            return false;
        }

        var entry = new JsonObject { ["KeyMaterialId"] = MaterialId, ["KeyMaterialState"] = MaterialStates.Current, ["ImportState"] = "IMPORTED", ["ValidTo"] = validTo?.DeepClone() };
        answer["Rotations"] = new JsonArray([.. (answer["Rotations"] as JsonArray ?? []).Select(other => other?.DeepClone()), entry]);
        return true;
    }

    private bool ApplyToMetadata(string region, JsonObject answer)
    {
        if (answer["KeyMetadata"] is not JsonObject metadata || (string?)metadata["KeyId"] is not { } keyId)
        {
            return false;
        }

        // Of a key that is pending deletion KMS shows too little to tell what follows the end of that.
        var isChanged = _states.TryGetValue((region, keyId), out var state) && (string?)metadata["KeyState"] is "Enabled" or "Disabled" or "PendingImport";
        if (isChanged)
        {
            metadata["KeyState"] = state;
        }

        if (_imports.TryGetValue((region, keyId), out var validTo))
        {
            metadata["ValidTo"] = validTo?.DeepClone();
        }

        if (!_primaryRegions.TryGetValue(keyId, out var primaryRegion) || metadata["MultiRegionConfiguration"] is not JsonObject keys)
        {
            return isChanged;
        }

        // The old primary takes the place of the new one among the replicas.
        var old = keys["PrimaryKey"]!;
        var others = (keys["ReplicaKeys"] as JsonArray ?? []).OfType<JsonObject>().Where(replica => (string?)replica["Region"] != primaryRegion).Select(replica => replica.DeepClone());
        keys["ReplicaKeys"] = new JsonArray([.. others, .. (string?)old["Region"] == primaryRegion ? Array.Empty<JsonNode>() : [old.DeepClone()]]);
        var arn = ((string)metadata["Arn"]!).Split(':');
        arn[3] = primaryRegion;
        keys["PrimaryKey"] = new JsonObject { ["Arn"] = string.Join(':', arn), ["Region"] = primaryRegion };
        keys["MultiRegionKeyType"] = region == primaryRegion ? "PRIMARY" : "REPLICA";
        return true;
    }

    /// <summary>A text without the ids of keys that do not exist.</summary>
    public string Hide(string text)
    {
        // A key's id is in its ARN, and that of a primary in those of its replicas.
        foreach (var field in (string[])["Arn", "KeyId"])
        {
            text = _keys.Values.Aggregate(text, (shown, key) => shown.Replace((string)key["metadata"]![field]!, "the new key", StringComparison.Ordinal));
        }

        return text;
    }

    /// <summary>Makes a key.</summary>
    /// <param name="owner">The resource, from which its id follows.</param>
    /// <param name="region">Its Region.</param>
    /// <param name="body">The parameters of CreateKey.</param>
    /// <returns>The answer of CreateKey.</returns>
    public JsonObject Create(ResourceCalls owner, string region, JsonObject body)
    {
        var isMultiRegion = (bool?)body["MultiRegion"] == true;
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{owner.Kind}/{owner.Key}")))[..32];
        return new JsonObject { ["KeyMetadata"] = Add(owner, region, isMultiRegion ? $"mrk-{id}" : id, isMultiRegion ? "PRIMARY" : null, region, body, (string?)body["Origin"]) };
    }

    /// <summary>Makes a replica.</summary>
    /// <param name="owner">The resource.</param>
    /// <param name="region">The primary's Region.</param>
    /// <param name="body">The parameters of ReplicateKey.</param>
    /// <param name="origin">The primary's origin, where KMS has shown it.</param>
    /// <returns>The answer of ReplicateKey.</returns>
    public JsonObject Replicate(ResourceCalls owner, string region, JsonObject body, string? origin) => new()
    {
        ["ReplicaKeyMetadata"] = Add(
            owner, (string)body["ReplicaRegion"]!, (string)body["KeyId"]!, "REPLICA", region, body,
            _keys.TryGetValue((region, (string)body["KeyId"]!), out var primary) ? (string?)primary["metadata"]!["Origin"] : origin),
        ["ReplicaPolicy"] = body["Policy"]?.DeepClone(),
        ["ReplicaTags"] = body["Tags"]?.DeepClone(),
    };

    /// <summary>What KMS would answer to a read of a key that the plan makes.</summary>
    public JsonObject Answer(string region, string keyId, string operation) => operation switch
    {
        "DescribeKey" => new JsonObject { ["KeyMetadata"] = _keys[(region, keyId)]["metadata"]!.DeepClone() },
        "GetKeyPolicy" => new JsonObject { ["Policy"] = _keys[(region, keyId)]["policy"]?.DeepClone() },
        "ListResourceTags" => new JsonObject { ["Tags"] = _keys[(region, keyId)]["tags"]?.DeepClone(), ["Truncated"] = false },
        "GetKeyRotationStatus" => new JsonObject { ["KeyRotationEnabled"] = false },
        _ => [],
    };

    private JsonNode Add(ResourceCalls owner, string region, string keyId, string? multiRegionKeyType, string primaryRegion, JsonObject body, string? origin)
    {
        string ArnIn(string where) => $"arn:{Partition.OfRegion(where)}:kms:{where}:{owner.AccountId}:key/{keyId}";
        var metadata = new JsonObject
        {
            ["AWSAccountId"] = owner.AccountId,
            ["KeyId"] = keyId,
            ["Arn"] = ArnIn(region),
            ["CreationDate"] = time.GetUtcNow().ToUnixTimeSeconds(),
            ["Enabled"] = true,
            ["Description"] = (string?)body["Description"] ?? "",
            ["KeyUsage"] = (string?)body["KeyUsage"] ?? "ENCRYPT_DECRYPT",
            ["KeyState"] = origin == KeyOrigins.External ? KeyStates.PendingImport : KeyStates.Enabled,
            ["KeySpec"] = (string?)body["KeySpec"] ?? "SYMMETRIC_DEFAULT",
            ["Origin"] = origin ?? KeyOrigins.Kms,
            ["KeyManager"] = "CUSTOMER",
            ["MultiRegion"] = multiRegionKeyType is not null,
        };
        if ((string?)body["CustomKeyStoreId"] is { } store)
        {
            metadata["CustomKeyStoreId"] = store;
        }

        if ((string?)body["XksKeyId"] is { } externalKey)
        {
            metadata["XksKeyConfiguration"] = new JsonObject { ["Id"] = externalKey };
        }

        if (multiRegionKeyType is not null)
        {
            metadata["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = multiRegionKeyType,
                ["PrimaryKey"] = new JsonObject { ["Arn"] = ArnIn(primaryRegion), ["Region"] = primaryRegion },
                ["ReplicaKeys"] = new JsonArray(),
            };
        }

        _keys[(region, keyId)] = new JsonObject { ["metadata"] = metadata, ["policy"] = body["Policy"]?.DeepClone(), ["tags"] = body["Tags"]?.DeepClone() };
        return metadata.DeepClone();
    }
}
