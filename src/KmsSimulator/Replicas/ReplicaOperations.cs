using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Tags;

namespace KmsSimulator.Replicas;

/// <summary>ReplicateKey, UpdatePrimaryRegion.</summary>
/// <remarks>Source: AWS KMS API reference; developer guide, "Multi-Region keys in AWS KMS".</remarks>
internal static class ReplicaOperations
{
    public static JsonObject ReplicateKey(KmsCall call)
    {
        var input = call.Input;
        var region = input.String("ReplicaRegion", 1, 32, Pattern.Region, required: true)!;
        var policyText = PolicyOperations.ReadPolicy(input);
        var bypass = input.Boolean("BypassPolicyLockoutSafetyCheck") ?? false;
        var description = input.String("Description", 0, CreateKeyOperation.MaxDescription) ?? "";
        var tags = TagRules.Read(input);
        var primary = Primary(call);
        KmsCall.Require(primary, primary.Current, call.Operation.WorksIn);
        RequireRegion(call, region);
        TagRules.Check(tags);
        TagRules.CheckCount(tags.Count);
        if (call.Owner.Region(region).Key(primary.KeyId) is { } existing)
            throw Errors.AlreadyExists($"{existing.Arn} already exists.");
        if (call.Owner.Region(region).KeyIds.Count >= CreateKeyOperation.MaxKeys)
            throw Errors.LimitExceeded($"The account has reached its limit of KMS keys in {region}.");
        var policy = policyText is null
            ? KeyPolicy.Default(call.Partition, call.Owner.Id)
            : KeyPolicy.Accept(policyText, bypass, call, Arn.Key(call.Owner.Id, region, primary.KeyId));

        var replica = new KeyEntry(call.Owner.Id, region, primary.Group);
        var record = new KeyRecord
        {
            State = KeyState.Creating,
            StateAfter = primary.Group.Origin == "EXTERNAL" ? KeyState.PendingImport : KeyState.Enabled,
            Description = description,
            Policy = policy,
            Tags = TagRules.NoTags.SetItems(tags),
            CreationDate = call.Now,
        };
        primary.Group.Members.Add(region, replica);
        call.Owner.Region(region).Add(replica);
        call.Owner.Write(replica, record, call.Now);
        var shared = primary.Shared with { Regions = primary.Shared.Regions.Add(region) };
        call.Owner.Write(primary.Group, shared, call.Now);
        EndLater(call.Owner, replica, KeyState.Creating, call.Now + call.Simulation.TransitionTime);
        return new JsonObject
        {
            ["ReplicaKeyMetadata"] = KeyMetadata.Of(replica, record, shared, call.Now),
            ["ReplicaPolicy"] = policy.Document,
            ["ReplicaTags"] = new JsonArray([.. tags.Select(TagRules.Show)]),
        };
    }

    public static JsonObject UpdatePrimaryRegion(KmsCall call)
    {
        var region = call.Input.String("PrimaryRegion", 1, 32, Pattern.Region, required: true)!;
        var primary = Primary(call);
        KmsCall.Require(primary, primary.Current, call.Operation.WorksIn);
        RequireRegion(call, region);
        if (region == call.Region)
            throw Errors.Unsupported($"{primary.Arn} is the primary key already.");
        if (!primary.Group.Members.TryGetValue(region, out var replica))
            throw Errors.KeyNotFound(Arn.Key(call.Owner.Id, region, primary.KeyId));
        KmsCall.Require(replica, replica.Current, call.Operation.WorksIn);

        var until = call.Now + call.Simulation.TransitionTime;
        foreach (var key in (ReadOnlySpan<KeyEntry>)[primary, replica])
        {
            call.Owner.Write(key, key.Current with { State = KeyState.Updating, StateAfter = key.Current.State }, call.Now);
            EndLater(call.Owner, key, KeyState.Updating, until);
        }

        call.Owner.Write(primary.Group, primary.Shared with { PrimaryRegion = region, UpdatingUntil = until }, call.Now);
        return [];
    }

    private static KeyEntry Primary(KmsCall call)
    {
        var key = KeyLookup.Find(call, "KeyId");
        if (!key.Group.IsMultiRegion)
            throw Errors.Unsupported($"{key.Arn} is not a multi-Region key.");
        return key.IsPrimary ? key : throw Errors.Unsupported($"{key.Arn} is not a multi-Region primary key.");
    }

    private static void RequireRegion(KmsCall call, string region)
    {
        if (!Regions.Exist(region))
            throw Errors.Validation($"There is no Region {region}.");
        if (Arn.Partition(region) != call.Partition)
            throw Errors.Validation($"{region} is not in the partition {call.Partition}.");
    }

    /// <summary>Ends Creating or Updating, unless a deletion has ended it before.</summary>
    private static void EndLater(KmsAccount account, KeyEntry key, KeyState during, DateTimeOffset when) => account.At(when, at =>
    {
        if (key.Current.State == during)
            key.Record.Become(key.Current with { State = key.Current.StateAfter }, at);
    });
}
