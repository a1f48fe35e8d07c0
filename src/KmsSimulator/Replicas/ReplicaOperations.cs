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
        RequireRegion(call, region);
        TagRules.Check(tags);
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
            TransitionEnd = call.Now + call.Simulation.TransitionTime,
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
        EndTransitionLater(call.Owner, replica, record);
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
        RequireRegion(call, region);
        if (region == call.Region)
            throw Errors.Unsupported($"{primary.Arn} is the primary key already.");
        if (!primary.Group.Members.TryGetValue(region, out var replica))
            throw Errors.KeyNotFound(Arn.Key(call.Owner.Id, region, primary.KeyId));
        KeyAuthorization.Require(call, replica, call.Operation.Name);
        KmsCall.Require(replica, replica.Current, call.Operation.WorksIn);

        var until = call.Now + call.Simulation.TransitionTime;
        foreach (var key in (ReadOnlySpan<KeyEntry>)[primary, replica])
        {
            // One that is Updating already goes on from there.
            var after = key.Current.State == KeyState.Updating ? key.Current.StateAfter : key.Current.State;
            var record = key.Current with { State = KeyState.Updating, StateAfter = after, TransitionEnd = until };
            call.Owner.Write(key, record, call.Now);
            EndTransitionLater(call.Owner, key, record);
        }

        call.Owner.Write(primary.Group, primary.Shared with { PrimaryRegion = region, UpdatingUntil = until }, call.Now);
        return [];
    }

    private static KeyEntry Primary(KmsCall call)
    {
        var key = call.KeyToWrite();
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

    /// <summary>Ends Creating or Updating, unless a deletion has ended it before or another transition follows.</summary>
    private static void EndTransitionLater(KmsAccount account, KeyEntry key, KeyRecord record) => account.At(record.TransitionEnd!.Value, at =>
    {
        if (key.Current.State == record.State && key.Current.TransitionEnd == record.TransitionEnd)
            key.Record.Become(key.Current with { State = key.Current.StateAfter, TransitionEnd = null }, at);
    });
}
