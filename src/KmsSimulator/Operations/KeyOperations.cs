using System.Collections.Immutable;
using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>CreateKey, DescribeKey, ListKeys, UpdateKeyDescription, EnableKey, DisableKey.</summary>
internal sealed class KeyOperations(PrincipalDirectory principals)
{
    private const int MaxDescription = 8192;
    private const int MaxKeys = 100_000;

    public JsonNode CreateKey(KmsCall call)
    {
        var description = call.String("Description", 0, MaxDescription) ?? "";
        var spec = call.OneOf("KeySpec", call.String("CustomerMasterKeySpec") ?? "SYMMETRIC_DEFAULT", KeySpecs.Usages.Keys);
        var defaultUsage = KeySpecs.Usages[spec] is [var only] && only != KeySpecs.Sign ? only : KeySpecs.Encrypt;
        var usage = call.OneOf("KeyUsage", spec == "SYMMETRIC_DEFAULT" || defaultUsage == KeySpecs.Mac ? defaultUsage : KeySpecs.Encrypt, KeySpecs.KeyUsages);
        if (!KeySpecs.Usages[spec].Contains(usage))
        {
            throw KmsException.Validation($"The operation failed because the KeyUsage {usage} is not compatible with KeySpec {spec}.");
        }

        var origin = call.OneOf("Origin", "AWS_KMS", ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]);
        if (origin is "AWS_CLOUDHSM" or "EXTERNAL_KEY_STORE")
        {
            throw KmsException.Unsupported("The simulator has no custom key stores.");
        }

        var tags = TagRules.Read(call, required: false);
        TagRules.CheckCount(tags.Count);
        var policy = call.String("Policy", 1, 131072) ?? PolicyCheck.Default(Arns.Partition(call.RegionName), call.Caller.AccountId);
        PolicyCheck.Check(policy, call.Caller, call.Boolean("BypassPolicyLockoutSafetyCheck") == true, principals);
        if (call.Region.Keys.Count() >= MaxKeys)
        {
            throw KmsException.LimitExceeded("You have reached the limit of KMS keys in this account and Region.");
        }

        var multiRegion = call.Boolean("MultiRegion") == true;
        var key = new KeyRecord
        {
            AccountId = call.Caller.AccountId,
            Region = call.RegionName,
            KeyId = multiRegion ? "mrk-" + call.World.Hex(32) : call.World.Uuid(),
            CreationDate = call.Now,
            Description = description,
            KeySpec = spec,
            KeyUsage = usage,
            Origin = origin,
            State = origin == "EXTERNAL" ? KeyState.PendingImport : KeyState.Enabled,
            Policy = policy,
            Tags = tags.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Family = multiRegion ? new Family(call.RegionName) : null,
            Material = call.World.Bytes(32),
        };
        call.Region.Put(key);
        call.Subject = key.Arn;
        return new JsonObject { ["KeyMetadata"] = KeyMetadataJson.Of(call.World, key) };
    }

    public static JsonNode DescribeKey(KmsCall call)
    {
        var key = call.KeyOrAlias();
        return new JsonObject { ["KeyMetadata"] = KeyMetadataJson.Of(call.World, call.Region.Visible(key.KeyId) ?? key) };
    }

    public static JsonNode ListKeys(KmsCall call) => call.Page(
        "Keys", call.Region.VisibleKeys, key => key.KeyId, key => new JsonObject { ["KeyId"] = key.KeyId, ["KeyArn"] = key.Arn }, 100, 1000);

    public static JsonNode UpdateKeyDescription(KmsCall call)
    {
        var key = call.Key();
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingImport, KeyState.Creating, KeyState.Updating);
        call.Region.Put(key with { Description = call.String("Description", 0, MaxDescription) ?? throw KmsException.Validation("Description must not be null") });
        return new JsonObject();
    }

    public static JsonNode EnableKey(KmsCall call) => SetState(call, KeyState.Enabled);

    public static JsonNode DisableKey(KmsCall call) => SetState(call, KeyState.Disabled);

    private static JsonObject SetState(KmsCall call, string state)
    {
        var key = call.Key();
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled);
        call.Region.Put(key with { State = state });
        return new JsonObject();
    }
}
