using KmsOperator.Sharding;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// Whoever sends a write to AWS holds the lease at that moment, or at least nobody else does. Where the work is divided it is the lease of the account and Region. Where people restore an older lease,
/// its holder of before does not know until it renews it.
/// </summary>
internal sealed class OneWriterAtATime : IPromise
{
    // A lease is renewed every two seconds.
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(2.5);

    public string Statement => "Only the leader writes to AWS.";

    public string? AtSend(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (!world.HasLease || FindLease(world, call) is not { } lease)
            return null;
        var holder = world.Cluster.HolderOf(lease);
        return holder == sender.Identity || holder.Length == 0 || world.Now - world.History.RestoredAt < Renewal || world.Operators.All(running => running.Identity != holder)
            ? null
            : $"{sender.Identity} sends {call} while {holder} leads.";
    }

    private static string? FindLease(SimulatedWorld world, AwsCall call) =>
        world.Shards.Count == 1 ? SimulatedWorld.LeaseKey.Name
        : call.Operation switch
        {
            // It is sent where the primary is, by whoever makes the replica.
            "ReplicateKey" => NameOf(world, (string)call.Input!["ReplicaRegion"]!),

            // The record of the rotation decides, since the primary may have moved.
            "RotateKeyOnDemand" => null,
            _ => NameOf(world, call.Region),
        };

    private static string NameOf(SimulatedWorld world, string region) =>
        ShardElection.NameOf(SimulatedWorld.LeaseKey.Name, world.Shards.OfPlace(KmsService.AccountOf(region), region));
}
