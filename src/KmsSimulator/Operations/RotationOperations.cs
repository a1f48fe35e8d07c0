using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.</summary>
internal static class RotationOperations
{
    private const int MaxOnDemandRotations = 25;

    public static JsonNode EnableKeyRotation(KmsCall call)
    {
        var key = Rotatable(call);
        var days = call.Integer("RotationPeriodInDays", 90, 2560) ?? 365;
        call.Region.Put(key with { Rotation = key.Rotation with { Enabled = true, PeriodDays = days, Since = call.Now } });
        return new JsonObject();
    }

    public static JsonNode DisableKeyRotation(KmsCall call)
    {
        var key = Rotatable(call);
        call.Region.Put(key with { Rotation = key.Rotation with { Enabled = false } });
        return new JsonObject();
    }

    public static JsonNode GetKeyRotationStatus(KmsCall call)
    {
        var key = call.Key();
        RequireRotatableKind(key);
        key.RequireState(
            call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingDeletion, KeyState.PendingReplicaDeletion, KeyState.Creating, KeyState.Updating);
        var rotation = Primary(call, call.Region.Visible(key.KeyId) ?? key).Rotation;

        // While a key is pending deletion KMS says that it does not rotate; the setting comes back when the deletion is cancelled.
        var enabled = rotation.Enabled && !key.IsPendingDeletion;
        var answer = new JsonObject { ["KeyId"] = key.Arn, ["KeyRotationEnabled"] = enabled };
        if (enabled)
        {
            answer["RotationPeriodInDays"] = rotation.PeriodDays;
            answer["NextRotationDate"] = KeyMetadataJson.Time(rotation.Since.AddDays(rotation.PeriodDays));
        }

        return answer;
    }

    public static JsonNode RotateKeyOnDemand(KmsCall call)
    {
        var key = Rotatable(call);
        if (key.Rotation.Done.Count(entry => entry.Type == "ON_DEMAND") >= MaxOnDemandRotations)
        {
            throw KmsException.LimitExceeded($"{key.Arn} has been rotated on demand {MaxOnDemandRotations} times");
        }

        call.Region.Put(key with { Rotation = key.Rotation with { Done = key.Rotation.Done.Add(new RotationEntry(call.Now, "ON_DEMAND")) } });
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    public static JsonNode ListKeyRotations(KmsCall call)
    {
        var key = call.Key();
        RequireRotatableKind(key);
        return call.Page(
            "Rotations",
            Primary(call, key).Rotation.Done,
            entry => entry.Date.ToString("O"),
            entry => new JsonObject { ["KeyId"] = key.Arn, ["RotationDate"] = KeyMetadataJson.Time(entry.Date), ["RotationType"] = entry.Type },
            100,
            1000);
    }

    private static KeyRecord Rotatable(KmsCall call)
    {
        var key = call.Key();
        RequireRotatableKind(key);
        if (key.Family is { } family && family.PrimaryRegion != key.Region)
        {
            throw KmsException.Unsupported($"{key.Arn} is a replica; rotation is set on the primary key.");
        }

        key.RequireState(call.Now, KeyState.Enabled, KeyState.Updating);
        return key;
    }

    private static void RequireRotatableKind(KeyRecord key)
    {
        if (!KeySpecs.CanRotate(key.KeySpec) || key.Origin != "AWS_KMS")
        {
            throw KmsException.Unsupported($"{key.Arn} key spec {key.KeySpec} and origin {key.Origin} do not support rotation.");
        }
    }

    private static KeyRecord Primary(KmsCall call, KeyRecord key) => key.Family is { } family && family.PrimaryRegion != key.Region
        ? call.World.Region(key.AccountId, family.PrimaryRegion).True(key.KeyId) ?? key
        : key;
}
