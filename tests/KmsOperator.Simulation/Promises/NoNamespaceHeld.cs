using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>A namespace that is being deleted is not held for ever by a resource in it, whatever protects the key: then the key stays.</summary>
internal sealed class NoNamespaceHeld : IPromise
{
    public string Statement => "A namespace that is being deleted goes.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var name in world.Cluster.TerminatingNamespaces)
        {
            if (world.Cluster.Resources.Where(resource => resource.Metadata.Namespace == name).Select(ClusterTruth.PathOf).ToArray() is { Length: > 0 } left)
                return $"{name} still has {string.Join(", ", left)}.";
        }

        return null;
    }
}
