using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>A resource's key has no alias any more that an operator once made for that resource and its spec does not name.</summary>
internal sealed class NoAliasLeftBehind : IPromise
{
    public string Statement => "An alias that a resource no longer names is deleted.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var ((region, alias), madeFor) in world.History.AliasesMadeFor)
        {
            // What an earlier resource of the name had is retained with its key.
            if (world.Cluster.Find(madeFor.Path) is not ServiceKey { Metadata.DeletionTimestamp: null, Spec.Suspend: not true } resource
                || resource.Metadata.Uid != madeFor.Uid || world.History.IsExcused(madeFor.Path)
                || world.Keys.TargetOf(region, alias) is not { } target || target != resource.Status?.KeyId
                || world.Cluster.ClassOf(resource) is not { } keyClass)
                continue;
            if (ServiceKeyResolver.AliasOf(resource, keyClass) != alias && resource.Spec.AdditionalAliases?.Contains(alias) != true)
                return $"{alias} is still at {madeFor.Path}'s key {target}.";
        }

        return null;
    }
}
