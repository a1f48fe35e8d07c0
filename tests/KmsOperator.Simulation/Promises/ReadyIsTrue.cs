using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A resource that says Ready for its present generation is as described. What somebody changed in KMS is seen with the next comparison, so
/// this is asked only when nobody has changed anything for longer than a drift period and the consistency window. All keys of a Region share one list of
/// its aliases, which a comparison takes while it is not older than <see cref="AliasDirectory.UsualAge"/>: what happens to an alias may be seen so much later.
/// </summary>
internal sealed class ReadyIsTrue : IPromise
{
    public string Statement => "A resource that is Ready is as described.";

    public string? Always(SimulatedWorld world)
    {
        // The jitter of a comparison's time is at most a tenth.
        var seen = world.Times.DriftPeriod * 1.3 + world.Times.ConsistencyWindow + TimeSpan.FromSeconds(10);
        var quiet = world.Now - world.History.LastDisturbance;
        if (quiet <= seen)
            return null;
        foreach (var resource in world.Cluster.ServiceKeys)
        {
            if (IsReady(resource) && Description.FindDifference(world, resource, except: quiet > seen + AliasDirectory.UsualAge ? Aspects.None : Aspects.Alias) is { } difference)
                return $"{ClusterTruth.PathOf(resource)} is Ready: {difference}";
        }

        return null;
    }

    /// <summary>Whether a resource says Ready for what its spec says now.</summary>
    public static bool IsReady(IKeyResource resource) => resource.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready) is { Status: "True" } ready
        && ready.ObservedGeneration == resource.Metadata.Generation && resource.Status.ObservedGeneration == resource.Metadata.Generation;
}
