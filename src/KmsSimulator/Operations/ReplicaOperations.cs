using System.Collections.Immutable;
using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>ReplicateKey, UpdatePrimaryRegion.</summary>
internal sealed class ReplicaOperations(PrincipalDirectory principals)
{
    public JsonNode ReplicateKey(KmsCall call)
    {
        var key = call.Key();
        var target = ReplicaRegion(call, "ReplicaRegion");
        var description = call.String("Description", 0, 8192) ?? "";
        var tags = TagRules.Read(call, required: false);
        TagRules.CheckCount(tags.Count);
        RequirePrimary(key);
        key.RequireState(call.Now, KeyState.Enabled);
        if (target == key.Region)
        {
            throw KmsException.Validation($"The replica Region {target} is the primary key's own Region.");
        }

        var region = call.World.Region(key.AccountId, target);
        if (region.True(key.KeyId) is { } existing)
        {
            throw new KmsException("AlreadyExistsException", $"{existing.Arn} already exists.");
        }

        var policy = call.String("Policy", 1, 131072) ?? PolicyCheck.Default(Arns.Partition(target), key.AccountId);
        PolicyCheck.Check(policy, call.Caller, call.Boolean("BypassPolicyLockoutSafetyCheck") == true, principals);
        var replica = key with
        {
            Region = target,
            CreationDate = call.Now,
            Description = description,
            Policy = policy,
            Tags = tags.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Grants = [],
            LastUsage = null,
            Rotation = Rotation.Off,
            TransitionUntil = call.Now + call.World.TransitionTime,
            TransitionState = KeyState.Creating,
        };
        region.Put(replica);
        return new JsonObject
        {
            ["ReplicaKeyMetadata"] = KeyMetadataJson.Of(call.World, replica),
            ["ReplicaPolicy"] = policy,
            ["ReplicaTags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["TagKey"] = tag.Key, ["TagValue"] = tag.Value })]),
        };
    }

    public static JsonNode UpdatePrimaryRegion(KmsCall call)
    {
        var key = call.Key();
        var target = ReplicaRegion(call, "PrimaryRegion");
        RequirePrimary(key);
        key.RequireState(call.Now, KeyState.Enabled);
        var region = call.World.Region(key.AccountId, target);
        var replica = target == key.Region ? null : region.True(key.KeyId);
        if (replica is null)
        {
            throw KmsException.NotFound(Arns.Key(key.AccountId, target, key.KeyId));
        }

        replica.RequireState(call.Now, KeyState.Enabled);
        var family = new Family(target);
        foreach (var member in call.World.Members(key.AccountId, key.KeyId).ToArray())
        {
            var changes = member.Region == key.Region || member.Region == target;
            call.World.Region(key.AccountId, member.Region).Put(member with
            {
                Family = family,
                Rotation = member.Region == target ? key.Rotation : member.Region == key.Region ? Rotation.Off : member.Rotation,
                TransitionUntil = changes ? call.Now + call.World.TransitionTime : member.TransitionUntil,
                TransitionState = changes ? KeyState.Updating : member.TransitionState,
            });
        }

        return new JsonObject();
    }

    private static string ReplicaRegion(KmsCall call, string field)
    {
        var region = call.Required(field, 1, 32);
        return Arns.IsRegion(region) && Arns.Partition(region) == Arns.Partition(call.RegionName)
            ? region
            : throw KmsException.Validation($"{region} is not a Region of this partition.");
    }

    private static void RequirePrimary(KeyRecord key)
    {
        if (key.Family is null)
        {
            throw KmsException.Unsupported($"{key.Arn} is not a multi-region key.");
        }

        if (key.Family.PrimaryRegion != key.Region)
        {
            throw KmsException.Unsupported($"{key.Arn} is not a multi-region primary key.");
        }
    }
}
