using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Rotation;

/// <summary>EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand.</summary>
internal static class RotationOperations
{
    private const int DefaultPeriodInDays = 365;
    private const int MaxOnDemandRotations = 25;
    private static readonly TimeSpan DueSoon = TimeSpan.FromMinutes(20);

    public static JsonObject EnableKeyRotation(KmsCall call)
    {
        var days = call.Input.Integer("RotationPeriodInDays", 90, 2560) ?? DefaultPeriodInDays;
        var key = PrimaryToRotate(call);

        // The date counts from the latest call, even one that changes nothing.
        var next = call.Now.AddDays(days);
        call.Owner.Write(key.Group, key.Shared with { RotationPeriodInDays = days, NextRotationDate = next }, call.Now);
        AutomaticRotation.Schedule(call.Owner, key.Group, next);
        return [];
    }

    public static JsonObject DisableKeyRotation(KmsCall call)
    {
        var key = PrimaryToRotate(call);
        call.Owner.Write(key.Group, key.Shared with { RotationPeriodInDays = null, NextRotationDate = null }, call.Now);
        return [];
    }

    public static JsonObject GetKeyRotationStatus(KmsCall call)
    {
        var (key, record) = call.KeyToRead();
        RequireOrigin(key);
        var shared = call.SharedToRead(key);

        // While the deletion is pending KMS says no; the setting returns when it is cancelled.
        var isOn = shared.RotationPeriodInDays is not null && (record.State & KeyState.Pending) == 0;
        var answer = new JsonObject { ["KeyId"] = key.Arn, ["KeyRotationEnabled"] = isOn };
        if (isOn)
        {
            answer["RotationPeriodInDays"] = shared.RotationPeriodInDays;
            answer["NextRotationDate"] = KeyMetadata.Time(shared.NextRotationDate!.Value);
        }

        if (shared.OnDemandRotationStartDate is { } start)
            answer["OnDemandRotationStartDate"] = KeyMetadata.Time(start);
        return answer;
    }

    public static JsonObject RotateKeyOnDemand(KmsCall call)
    {
        var key = PrimaryToRotate(call, alsoImported: true);
        var shared = key.Shared;
        RequirePendingMaterial(key);
        if (shared.OnDemandRotationStartDate is not null)
            throw new ServiceException("ConflictException", $"An on-demand rotation of {key.Arn} is in progress.");
        if (shared.NextRotationDate is { } next && next - call.Now <= DueSoon)
            throw new ServiceException("ConflictException", $"The automatic rotation of {key.Arn} is due within 20 minutes.");
        if (shared.Materials.Count(material => material.RotationType == "ON_DEMAND") >= MaxOnDemandRotations)
        {
            throw Errors.LimitExceeded(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: "
                + key.Arn);
        }

        var group = key.Group;
        call.Owner.Write(group, shared with { OnDemandRotationStartDate = call.Now }, call.Now);
        var owner = call.Owner;
        owner.At(call.Now + call.Simulation.TransitionTime, at =>
        {
            var now = group.Shared.Current!;
            var next = now.PendingMaterial is { } imported
                ? imported with { RotationDate = at, RotationType = "ON_DEMAND" }
                : CreateKeyOperation.NewMaterial(owner, group, now.Materials.Length, at, "ON_DEMAND");
            group.Shared.Write(
                now with { OnDemandRotationStartDate = null, Materials = now.Materials.Add(next), PendingMaterial = null }, at, at);
        });
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    private static KeyEntry PrimaryToRotate(KmsCall call, bool alsoImported = false)
    {
        var key = call.KeyToWrite();
        if (!alsoImported)
            RequireOrigin(key);
        RequireSymmetric(key);
        if (!key.IsPrimary)
            throw Errors.Unsupported($"{key.Arn} is a multi-Region replica key. Rotation is set on its primary key.");
        return key;
    }

    /// <summary>Imported material rotates to a material that was imported before, in every Region that has the key.</summary>
    private static void RequirePendingMaterial(KeyEntry key)
    {
        if (key.Group.Origin != "EXTERNAL")
            return;
        if (key.Shared.PendingMaterial is not { } pending || !IsImportedEverywhere(key.Group, pending))
            throw Errors.InvalidState($"No available key material pending rotation for the key: {key.Arn}.");
    }

    private static bool IsImportedEverywhere(KeyGroup group, KeyMaterial material) =>
        group.Members.Values.All(member => member.Current.Imports.ContainsKey(material.Id));

    private static void RequireOrigin(KeyEntry key)
    {
        if (key.Group.Origin != "AWS_KMS")
            throw Errors.WrongOrigin(key);
    }

    private static void RequireSymmetric(KeyEntry key)
    {
        if (!key.Group.IsSymmetricEncryption)
            throw Errors.WrongSpec(key);
    }
}
