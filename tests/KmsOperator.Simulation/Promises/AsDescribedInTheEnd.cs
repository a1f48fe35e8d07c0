using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// When faults have stopped, everything becomes as described. Where something stands against it that no operator may put away, the resource
/// says so and is not Ready.
/// </summary>
internal sealed class AsDescribedInTheEnd : IPromise
{
    public string Statement => "In the end everything is as described.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var resource in world.Cluster.Resources)
        {
            var path = ClusterTruth.PathOf(resource);
            if (Suspended(resource))
                continue;
            if (resource.Metadata.DeletionTimestamp is not null)
            {
                if (!MayWaitForDeletion(world, resource))
                    return $"{path} is still being deleted: {Message(resource)}";
            }
            else if (resource is ServiceKey key && Open(world, key) is { } open)
            {
                return $"{path}: {open} ({Message(resource)})";
            }
            else if (resource is KeyReplica replica && !ReadyIsTrue.IsReady(replica) && !(replica.Spec.PrimaryKeyArn is not null && Ready(replica)?.Reason == Reasons.KeyConflict) && Ready(replica)?.Reason is not ("ReplicaConflict" or "PrimaryNotReady" or "NotMultiRegion" or "AliasConflict" or "KeyNotFound" or "PermissionDenied" or "PendingDeletion" or "InvalidSpec"))
            {
                return $"{path} is not Ready ({Message(resource)})";
            }
        }

        return null;
    }

    private static string? Open(SimulatedWorld world, ServiceKey resource)
    {
        var ready = Ready(resource);
        if (ready is null || ready.ObservedGeneration != resource.Metadata.Generation)
            return "nobody has looked at its present generation";
        if (ready.Status == "True")
            return Description.FindDifference(world, resource);
        return ready.Reason switch
        {
            Reasons.AliasConflict when IsAliasElsewhere(world, resource) => null,
            Reasons.InvalidSpec or Reasons.PermissionDenied => null,
            Reasons.PendingDeletion or Reasons.KeyDisabled when world.Keys.Find(StartingPoint.Home, resource.Status?.KeyId) is { } key
                && KeyTruth.IsPendingDeletion(key) && world.History.IsScheduledByPeople(key.KeyId) => null,

            // Somebody has moved the primary to the replica's Region, and the KeyReplica says so.
            Reasons.ReplicaConflict when world.Keys.Find(StartingPoint.Home, resource.Status?.KeyId) is { IsPrimary: false } => null,

            // The policy is refused; everything else is to be as described all the same.
            Reasons.PrincipalNotFound or Reasons.PrincipalDeleted => Description.FindDifference(world, resource, withPolicy: false),
            _ => "it is not Ready",
        };
    }

    /// <summary>Whether another resource, or a key that is nobody's, has the alias that a resource wants.</summary>
    private static bool IsAliasElsewhere(SimulatedWorld world, ServiceKey resource)
    {
        var alias = ServiceKeyResolver.AliasOf(resource, world.Cluster.ClassOf(resource)!);
        return world.Keys.TargetOf(StartingPoint.Home, alias) is { } target ? target != resource.Status?.KeyId : resource.Status?.KeyId is null;
    }

    private static bool MayWaitForDeletion(SimulatedWorld world, IKeyResource resource) =>
        Ready(resource)?.Reason == Reasons.ReplicasRemain

        // Its key is the primary, and nobody has said where that is to be instead.
        || (resource is KeyReplica moved && Ready(moved)?.Reason == Reasons.ReplicaConflict && world.Keys.Find(moved.Spec.Region, moved.Status?.KeyId) is { IsPrimary: true })
        || (resource is ServiceKey key && world.Cluster.ClassOf(key) is null)
        || (resource is ServiceKey primary && world.Cluster.KeyReplicas.Any(replica => world.Cluster.PrimaryOf(replica) == primary));

    private static bool Suspended(IKeyResource resource) => resource is ServiceKey { Spec.Suspend: true } or KeyReplica { Spec.Suspend: true };

    private static Condition? Ready(IKeyResource resource) => resource.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready);

    private static string Message(IKeyResource resource) => Ready(resource) is { } ready ? $"{ready.Reason}: {ready.Message}" : "no condition";
}
