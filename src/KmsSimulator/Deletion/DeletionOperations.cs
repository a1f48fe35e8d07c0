using System.Text.Json.Nodes;
using KmsSimulator.Import;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Deletion;

/// <summary>ScheduleKeyDeletion, CancelKeyDeletion.</summary>
internal static class DeletionOperations
{
    private const int DefaultDays = 30;
    private const int MinDays = 7;
    private const int MaxDays = 30;

    public static JsonObject ScheduleKeyDeletion(KmsCall call)
    {
        var days = call.Input.Integer("PendingWindowInDays", 1, 365) ?? DefaultDays;
        call.Input.Validate();
        if (days is < MinDays or > MaxDays)
            throw Errors.Validation($"PendingWindowInDays must be between {MinDays} and {MaxDays}");
        var key = call.KeyToWrite();
        var record = KeyDeletion.Scheduled(key, days, call.Now);
        call.Owner.Write(key, record, call.Now);
        var answer = new JsonObject { ["KeyId"] = key.Arn, ["KeyState"] = record.State.ToString(), ["PendingWindowInDays"] = days };
        if (record.DeletionDate is { } date)
        {
            KeyDeletion.Await(call.Owner, key, date);
            answer["DeletionDate"] = KeyMetadata.Time(date);
        }

        return answer;
    }

    public static JsonObject CancelKeyDeletion(KmsCall call)
    {
        var key = KeyLookup.Find(call, "KeyId");
        if ((key.Current.State & KeyState.Pending) == 0)
            throw Errors.InvalidState($"{key.Arn} is not pending deletion.");
        var record = key.Current with { State = KeyState.Disabled, DeletionDate = null, PendingWindowInDays = null };

        // Imported material may have gone in the meantime.
        call.Owner.Write(key, key.Group.Origin == "EXTERNAL" ? ImportedMaterial.Settled(key.Shared, record) : record, call.Now);
        return new JsonObject { ["KeyId"] = key.Arn };
    }
}
