using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A key with the operator's tags is in its resource's status, or the attempt that made it is on record there, or it is marked as released,
/// or its deletion is scheduled. Where people cancelled the deletion of a key whose resource is gone, took finalizers off or restored an older cluster, nobody can know it;
/// nor where they took the owner tags off and overwrote the status, and the process that had written it is dead, or wrote its id into another
/// status as well: a key that two resources name is neither's. A later resource of the same name that does not have it
/// is another resource. A key that AWS does not let the operator mark, or whose class is gone and with it the
/// credentials, is left without the mark, and an event says so: a resource must not wait for a mark for ever. So is a key that its resource only observes; and whose status people forged while it observes: that is mended when it manages the key again. A resource that has lost its status, and whose spec is refused, looks for its key
/// by the tags when the spec is right, or when it goes.
/// </summary>
internal sealed class NoUnknownKey : IPromise
{
    public string Statement => "Every key of the operator's is known to a resource, or marked as left.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var key in world.Keys.All)
        {
            if ((world.History.MadeFor(key.KeyId) ?? KeyTruth.OwnerOf(key)) is not { } madeFor || KeyTruth.IsPendingDeletion(key) || KeyTruth.Tag(key, TagNames.Released) is not null)
                continue;
            var owner = KeyTruth.OwnerOf(key) ?? madeFor;
            if ((world.History.IsDeletionCancelledByPeople(key.KeyId) && HasNoResource(world, owner, key)) || world.History.IsMarkRefused(key.Region, key.KeyId) || world.History.IsLeftUntouched(key) || world.History.IsExcused(owner) || world.History.IsExcused(madeFor) || world.History.IsKeyUnrecorded(key.KeyId, madeFor) || IsKnown(world, key))
                continue;
            return $"{owner} left {key.KeyId} in {key.Region} ({key.Current.State}).";
        }

        return null;
    }

    private static bool HasNoResource(SimulatedWorld world, string owner, KeyEntry key) =>
        world.Cluster.Find(owner) is not { } resource || (resource.Metadata.Uid != KeyTruth.Tag(key, TagNames.Uid) && resource.Status?.KeyId != key.KeyId);

    private static bool IsRefused(IKeyResource resource) => resource.Status is { KeyId: null, Conditions: { } conditions }
        && conditions.Any(condition => condition is { Type: ConditionTypes.Ready, Reason: Reasons.InvalidSpec or Reasons.PermissionDenied or Reasons.ClassNotFound });

    private static bool IsKnown(SimulatedWorld world, KeyEntry key) => world.Cluster.Resources.Any(resource =>
        resource.Status?.KeyId == key.KeyId || (KeyTruth.Tag(key, TagNames.Uid) == resource.Metadata.Uid && (IsRefused(resource) || world.Cluster.IsPassive(resource))) || (CreateAttempt.Of(resource) is { } attempt && attempt.Id == KeyTruth.Tag(key, TagNames.Attempt)));
}
