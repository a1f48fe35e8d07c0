using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Scripts;

/// <summary>What other people do in KMS and IAM. Subjects are the resources whose keys they change, <c>namespace/name</c>.</summary>
internal static class AwsVerbs
{
    private const string Lockout = """
        {"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}
        """;

    // Longer than any process stands still.
    private static readonly TimeSpan LongSince = TimeSpan.FromMinutes(1);

    public static IReadOnlyDictionary<string, Action<SimulatedWorld, ScriptStep>> All { get; } = new Dictionary<string, Action<SimulatedWorld, ScriptStep>>
    {
        ["kms-disable"] = (world, step) => Call(world, step, "DisableKey", []),
        ["kms-enable"] = (world, step) => Call(world, step, "EnableKey", []),
        ["kms-policy"] = (world, step) => Call(world, step, "PutKeyPolicy", new JsonObject { ["Policy"] = Lockout }),
        ["kms-describe"] = (world, step) => Call(world, step, "UpdateKeyDescription", new JsonObject { ["Description"] = "changed by hand" }),
        ["kms-rotation-off"] = (world, step) => Call(world, step, "DisableKeyRotation", []),
        ["kms-tag"] = (world, step) => Call(world, step, "TagResource", new JsonObject
        {
            ["Tags"] = new JsonArray(new JsonObject { ["TagKey"] = step.Arguments[1], ["TagValue"] = step.Arguments[2] }),
        }),
        ["kms-untag-marks"] = Unmark,
        ["kms-schedule-deletion"] = ScheduleDeletion,
        ["kms-delete-material"] = (world, step) => Call(world, step, "DeleteImportedKeyMaterial", []),
        ["kms-destroy"] = Destroy,
        ["kms-use"] = Use,
        ["kms-cancel-deletion"] = (world, step) => Call(world, step, "CancelKeyDeletion", []),
        ["kms-move-primary"] = MovePrimary,
        ["kms-delete-alias"] = (world, step) => world.Kms.Call("DeleteAlias", StartingPoint.Home, new JsonObject { ["AliasName"] = step.Subject }),
        ["kms-move-alias"] = MoveAlias,
        ["kms-create"] = CreateForeign,
        ["kms-grant"] = (world, step) => Call(world, step, "CreateGrant", new JsonObject { ["GranteePrincipal"] = Admin, ["Operations"] = new JsonArray("DescribeKey") }),
        ["kms-grant-decrypt"] = (world, step) => GrantLikeTheSpec(world, step, "Decrypt"),
        ["kms-grant-encrypt"] = (world, step) => GrantLikeTheSpec(world, step, "Encrypt"),
        ["kms-revoke-grants"] = RevokeGrants,
        ["kms-revoke-own-grants"] = RevokeForeignGrants,
        ["delete-role"] = (world, step) => world.Kms.State.Principals.Delete(Role(step)),
        ["create-role"] = (world, step) => world.Kms.State.Principals.Add(Role(step)),
    };

    private static string Admin => $"arn:aws:iam::{KmsService.AccountId}:role/admin";

    private static string Role(ScriptStep step) => $"arn:aws:iam::{KmsService.AccountId}:role/{step.Subject}";

    /// <summary>The key of a resource: the newest that names it as its owner.</summary>
    private static KeyEntry? KeyOf(SimulatedWorld world, string subject) => world.Keys.All
        .Where(key => KeyTruth.OwnerOf(key) is { } owner && owner.EndsWith($"/{subject}", StringComparison.Ordinal) && !KeyTruth.IsPendingDeletion(key))
        .OrderByDescending(key => key.IsPrimary).ThenBy(key => key.Current.CreationDate)
        .FirstOrDefault();

    private static void Call(SimulatedWorld world, ScriptStep step, string operation, JsonObject input)
    {
        var key = operation == "CancelKeyDeletion"
            ? world.Keys.All.FirstOrDefault(found => KeyTruth.IsPendingDeletion(found) && KeyTruth.OwnerOf(found)?.EndsWith($"/{step.Subject}", StringComparison.Ordinal) == true)
            : KeyOf(world, step.Subject);
        if (key is null)
            return;
        if (operation == "CancelKeyDeletion")
            world.History.DeletionCancelledByPeople(key.KeyId);
        if (operation == "EnableKey")
            world.History.EnabledByPeople(key.KeyId);
        input["KeyId"] = key.KeyId;
        world.Kms.Call(operation, key.Region, input);
    }

    private static void Unmark(SimulatedWorld world, ScriptStep step)
    {
        if (KeyOf(world, step.Subject) is not { } key)
            return;
        world.History.UnmarkedByPeople(key.KeyId);
        Call(world, step, "UntagResource", new JsonObject { ["TagKeys"] = new JsonArray(TagNames.Owner, TagNames.Cluster, TagNames.Uid) });
    }

    private static void ScheduleDeletion(SimulatedWorld world, ScriptStep step)
    {
        if (KeyOf(world, step.Subject) is not { } key)
            return;
        world.History.ScheduledByPeople(key.KeyId);
        Call(world, step, "ScheduleKeyDeletion", new JsonObject { ["PendingWindowInDays"] = 7 });
    }

    /// <summary>The window of a deletion is over: the key is gone for good. That is days after the last call, so a deletion that was scheduled just now is left alone, and so is a key that is in no status yet.</summary>
    private static void Destroy(SimulatedWorld world, ScriptStep step)
    {
        var now = world.Kms.State.Clock.GetUtcNow();
        foreach (var key in world.Keys.All.Where(key => key.Current is { State: KeyState.PendingDeletion, DeletionDate: { } date, PendingWindowInDays: { } days }
            && date.AddDays(-days) < now - LongSince && KeyTruth.OwnerOf(key)?.EndsWith($"/{step.Subject}", StringComparison.Ordinal) == true
            && !world.Cluster.Resources.Any(maker => CreateAttempt.Of(maker) is { } attempt && attempt.Id == KeyTruth.Tag(key, TagNames.Attempt))).ToArray())
        {
            world.History.Destroyed(key);
            world.Kms.Destroy(key);
        }
    }

    /// <summary>Somebody encrypts with a key, or makes a code with it.</summary>
    private static void Use(SimulatedWorld world, ScriptStep step)
    {
        if (KeyOf(world, step.Subject) is not { Current.State: KeyState.Enabled } key)
            return;
        if (key.Group.KeyUsage == "ENCRYPT_DECRYPT")
            Call(world, step, "Encrypt", new JsonObject { ["Plaintext"] = "cGxhaW4=" });
        else
            Call(world, step, "GenerateMac", new JsonObject { ["Message"] = "cGxhaW4=", ["MacAlgorithm"] = "HMAC_SHA_256" });
    }

    /// <summary>Revokes what the operator granted.</summary>
    private static void RevokeGrants(SimulatedWorld world, ScriptStep step)
    {
        foreach (var grant in KeyOf(world, step.Subject) is { } key ? world.Keys.OwnGrants(key).ToArray() : [])
            Call(world, step, "RevokeGrant", new JsonObject { ["GrantId"] = grant.Id });
    }

    /// <summary>Grants what an entry of a spec may say, as a tool does that had the key before.</summary>
    private static void GrantLikeTheSpec(SimulatedWorld world, ScriptStep step, string operation) =>
        Call(world, step, "CreateGrant", new JsonObject { ["GranteePrincipal"] = Admin, ["Operations"] = new JsonArray(operation) });

    /// <summary>Revokes what people granted themselves.</summary>
    private static void RevokeForeignGrants(SimulatedWorld world, ScriptStep step)
    {
        foreach (var grant in KeyOf(world, step.Subject) is { } key ? world.Keys.Grants(key).Except(world.Keys.OwnGrants(key)).ToArray() : [])
            Call(world, step, "RevokeGrant", new JsonObject { ["GrantId"] = grant.Id });
    }

    private static void MovePrimary(SimulatedWorld world, ScriptStep step)
    {
        if (KeyOf(world, step.Subject) is { } key)
            world.History.MovedByPeople(key.KeyId, world.Kms.State.Clock.GetUtcNow());
        Call(world, step, "UpdatePrimaryRegion", new JsonObject { ["PrimaryRegion"] = step.Arguments[1] });
    }

    private static void MoveAlias(SimulatedWorld world, ScriptStep step)
    {
        if (KeyOf(world, step.Arguments[1]) is { } target)
            world.Kms.Call("UpdateAlias", target.Region, new JsonObject { ["AliasName"] = step.Subject, ["TargetKeyId"] = target.KeyId });
    }

    /// <summary>A key that is nobody's, with an alias.</summary>
    private static void CreateForeign(SimulatedWorld world, ScriptStep step)
    {
        var made = world.Kms.Call("CreateKey", StartingPoint.Home, []);
        world.Kms.Call("CreateAlias", StartingPoint.Home, new JsonObject { ["AliasName"] = step.Subject, ["TargetKeyId"] = (string?)made?["KeyMetadata"]?["KeyId"] });
    }
}
