using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>ScheduleKeyDeletion, CancelKeyDeletion.</summary>
internal static class DeletionOperations
{
    public static JsonNode ScheduleKeyDeletion(KmsCall call)
    {
        var key = call.Key();
        var days = call.Integer("PendingWindowInDays", 7, 30) ?? 30;
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Disabled, KeyState.PendingImport, KeyState.Creating);
        var hasReplicas = key.Family is { } family && family.PrimaryRegion == key.Region
            && call.World.Members(key.AccountId, key.KeyId).Any(member => member.Region != key.Region);
        var scheduled = key with
        {
            State = hasReplicas ? KeyState.PendingReplicaDeletion : KeyState.PendingDeletion,
            TransitionUntil = null,
            PendingWindowDays = days,
            DeletionDate = hasReplicas ? null : call.Now.AddDays(days),
        };
        call.Region.Put(scheduled);
        var answer = new JsonObject { ["KeyId"] = key.Arn, ["KeyState"] = scheduled.State, ["PendingWindowInDays"] = days };
        if (scheduled.DeletionDate is { } date)
        {
            answer["DeletionDate"] = KeyMetadataJson.Time(date);
        }

        return answer;
    }

    public static JsonNode CancelKeyDeletion(KmsCall call)
    {
        var key = call.Key();
        if (!key.IsPendingDeletion)
        {
            throw KmsException.InvalidState($"{key.Arn} is not pending deletion.");
        }

        call.Region.Put(key with { State = KeyState.Disabled, DeletionDate = null, PendingWindowDays = null });
        return new JsonObject { ["KeyId"] = key.Arn };
    }
}
