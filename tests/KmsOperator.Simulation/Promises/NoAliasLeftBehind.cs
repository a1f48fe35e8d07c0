using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A resource's key has no alias any more that an operator once made for that resource and its spec does not name. Four cases are excepted. While
/// another key has an alias that the spec names, or it is reserved for one whose deletion people scheduled, the key keeps its old ones: it is never left without a name. To a key whose deletion people
/// scheduled nothing is done, and KMS deletes its aliases with it. Nor is anything done to the key of a resource whose spec is refused. And nobody knows of an alias whose only record was a status that people
/// overwrote when the process that had written it was dead: it may be a person's.
/// </summary>
internal sealed class NoAliasLeftBehind : IPromise
{
    public string Statement => "An alias that a resource no longer names is deleted.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var ((region, alias), madeFor) in world.History.AliasesMadeFor)
        {
            // What an earlier resource of the name had is retained with its key.
            if (world.Cluster.Find(madeFor.Path) is not ServiceKey { Metadata.DeletionTimestamp: null } resource || world.Cluster.IsPassive(resource)
                || resource.Metadata.Uid != madeFor.Uid || world.History.IsExcused(madeFor.Path)
                || world.Keys.TargetOf(region, alias) is not { } target || target != resource.Status?.KeyId
                || world.Cluster.ClassOf(resource) is not { } keyClass || ClusterTruth.NamesAnotherClass(resource) || keyClass.Spec.Region != region
                || ServiceKeyResolver.Resolve(resource, keyClass, KmsService.AccountOf(keyClass.Spec.Region), SimulatedWorld.ClusterId).Error is not null)
                continue;
            string[] wanted = [ServiceKeyResolver.AliasOf(resource, keyClass), .. resource.Spec.AdditionalAliases ?? []];
            var isElsewhere = wanted.Any(name => world.Keys.TargetOf(region, name) is { } other
                ? other != target
                : world.Cluster.ServiceKeys.Any(holder => holder != resource && AsDescribedInTheEnd.CannotPutBack(world, holder, name)));
            if (!wanted.Contains(alias) && !isElsewhere && !IsDeletedByPeople(world, region, target) && !world.History.IsAliasUnrecorded(madeFor.Uid, alias))
                return $"{alias} is still at {madeFor.Path}'s key {target}.";
        }

        return null;
    }

    private static bool IsDeletedByPeople(SimulatedWorld world, string region, string keyId) =>
        world.Keys.Find(region, keyId) is { } key && KeyTruth.IsPendingDeletion(key) && world.History.IsScheduledByPeople(keyId);
}
