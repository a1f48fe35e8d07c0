using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// Somebody may have moved the primary to where a KeyReplica was: that key is in use, and is not for the replica's resource to delete, unless the ServiceKey is
/// being deleted, and all other keys have gone before. A call is excepted when somebody moved the primary after the operator's last look at the key, which is at most 15
/// seconds before the call, or when KMS may still have shown the key as it was before that: nobody could know better. So is a replica that another resource made, or whose deletion people cancelled, in the seconds before: the two calls pass each other,
/// and the ServiceKey says that the replica remains. So is a call for a ServiceKey, all of whose keys are to go, that passes a move which had no answer.
/// </summary>
internal sealed class NoDeletionOfAPrimaryAsReplica : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    // The operator's own limit, and the time that the request takes to be sent.
    private static readonly TimeSpan OldestLook = TimeSpan.FromSeconds(15.1);

    public string Statement => "The deletion of a primary is not scheduled for a KeyReplica alone, and not while it has replicas in use.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation != "ScheduleKeyDeletion" || world.Keys.Find(call.Region, call.KeyId) is not { Group.IsMultiRegion: true, IsPrimary: true } key)
            return null;
        var look = world.History.LookBefore(sender, call) is { } at && call.SentAt - at <= OldestLook ? at : call.SentAt;
        if (world.History.IsMovedByPeopleSince(key.KeyId, look - world.Times.StaleReads))
            return null;
        if (world.Cluster.Find(call.For ?? "") is KeyReplica replica && world.Cluster.PrimaryOf(replica) is not { Metadata.DeletionTimestamp: not null })
            return $"{sender.Identity} schedules the deletion of the primary {key.KeyId} in {key.Region} for {call.For}.";
        if (world.History.IsDeletionCancelledByPeopleSince(key.KeyId, world.Now - TooLate) || world.History.IsMovedLateSince(key.KeyId, look - world.Times.StaleReads))
            return null;
        return key.Group.Members.Values.FirstOrDefault(member => member != key && !KeyTruth.IsPendingDeletion(member) && world.Now - member.Current.CreationDate > TooLate) is { } other
            ? $"{sender.Identity} schedules the deletion of the primary {key.KeyId} for {call.For} while its replica in {other.Region} is in use."
            : null;
    }
}
