using KmsSimulator.State;

namespace KmsSimulator.Deletion;

/// <summary>How keys end.</summary>
/// <remarks>Source: AWS KMS developer guide, "Deleting AWS KMS keys" and "Deleting multi-Region keys".</remarks>
internal static class KeyDeletion
{
    /// <summary>The key once its deletion is scheduled. A primary waits for its replicas first.</summary>
    public static KeyRecord Scheduled(KeyEntry key, int days, DateTimeOffset now) => key.IsPrimary && key.Group.Members.Count > 1
        ? key.Current with { State = KeyState.PendingReplicaDeletion, PendingWindowInDays = days, DeletionDate = null }
        : key.Current with { State = KeyState.PendingDeletion, PendingWindowInDays = days, DeletionDate = now.AddDays(days) };

    /// <summary>Waits for the end of the window.</summary>
    public static void Await(KmsAccount account, KeyEntry key, DateTimeOffset date) => account.At(date, at =>
    {
        // A cancelled deletion has no date, one scheduled again has another.
        if (key.Current is { State: KeyState.PendingDeletion } record && record.DeletionDate == date)
            Delete(account, key, at);
    });

    /// <summary>Ends a key, as the end of its window does.</summary>
    public static void Delete(KmsAccount account, KeyEntry key, DateTimeOffset at)
    {
        var group = key.Group;
        account.Region(key.Region).Remove(key);
        group.Members.Remove(key.Region);
        group.Shared.Write(key.Shared with { Regions = key.Shared.Regions.Remove(key.Region) }, at, at);

        // The last replica's end starts the primary's window.
        if (group.Members.Count == 1 && group.Members.Values.Single() is { Current.State: KeyState.PendingReplicaDeletion } primary)
        {
            var record = Scheduled(primary, primary.Current.PendingWindowInDays!.Value, at);
            primary.Record.Write(record, at, at);
            Await(account, primary, record.DeletionDate!.Value);
        }
    }
}
