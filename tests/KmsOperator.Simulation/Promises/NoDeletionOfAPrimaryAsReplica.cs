using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>Somebody may have moved the primary to where a KeyReplica was: that key is in use, and is not for the replica's resource to delete.</summary>
internal sealed class NoDeletionOfAPrimaryAsReplica : IPromise
{
    public string Statement => "The deletion of a primary is not scheduled for a KeyReplica, and not while it has replicas in use.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation != "ScheduleKeyDeletion" || world.Keys.Find(call.Region, call.KeyId) is not { Group.IsMultiRegion: true, IsPrimary: true } key)
            return null;
        if (call.For?.StartsWith(KeyReplica.KindName, StringComparison.Ordinal) == true)
            return $"{sender.Identity} schedules the deletion of the primary {key.KeyId} in {key.Region} for {call.For}.";
        return key.Group.Members.Values.FirstOrDefault(member => member != key && !KeyTruth.IsPendingDeletion(member)) is { } replica
            ? $"{sender.Identity} schedules the deletion of the primary {key.KeyId} for {call.For} while its replica in {replica.Region} is in use."
            : null;
    }
}
