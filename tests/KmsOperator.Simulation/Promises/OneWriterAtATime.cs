using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>Whoever sends a write to AWS holds the lease at that moment, or at least nobody else does.</summary>
internal sealed class OneWriterAtATime : IPromise
{
    public string Statement => "Only the leader writes to AWS.";

    public string? AtSend(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (!world.HasLease)
            return null;
        var holder = world.Cluster.LeaseHolder;
        return holder == sender.Identity || holder.Length == 0 || world.Operators.All(running => running.Identity != holder)
            ? null
            : $"{sender.Identity} sends {call} while {holder} leads.";
    }
}
