using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// What an operator does for a resource, it does to the key whose tags name that resource, or that was made for it, or that it adopts or has adopted; a
/// replica is made from a key of the same namespace. Excepted is a call of an adoption that arrives after AWS's time limit, when the resource is gone.
/// </summary>
internal sealed class NoWriteToAnothersKey : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    public string Statement => "No key of another owner is written to.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.For is null || call.Operation is "CreateKey" or "CreateAlias" or "DeleteAlias" || world.Keys.Find(call.Region, call.KeyId) is not { } key)
            return null;
        var owner = KeyTruth.Tag(key, TagNames.Owner) ?? world.History.MadeFor(key.KeyId);
        if (call.Operation == "ReplicateKey")
        {
            // A key whose tags people took off is nobody's where no resource names it either: its resource is gone, was made again, or lost its status. The class decides then.
            // A status that names it again may come too late for that, and so may tags that a process which is dead has put back.
            var hasNoTags = KeyTruth.Tag(key, TagNames.Owner) is null || world.History.IsMarkedAgainByTheDeadSince(key.KeyId, world.Now - world.Times.StaleReads - TooLate);
            owner = hasNoTags && !IsNamed(world, key) ? null : owner;
            return owner is null || NamespaceOf(owner) == NamespaceOf(call.For)
                ? null
                : $"{sender.Identity} replicates {owner}'s key {key.KeyId} for {call.For}.";
        }

        if (owner == call.For || world.History.MadeFor(key.KeyId) == call.For || (world.History.AdoptsOrDid(call.For) && (owner is null || !IsForPresent(world, key, owner)))
            || (owner is null && world.History.HasAdopted(world.Cluster.Find(call.For)?.Metadata.Uid, key.KeyId))
            || (owner is null && world.Cluster.Find(call.For) is null && world.Now - call.SentAt > AwsClients.CallTimeout))
            return null;
        return $"{sender.Identity} sends {call.Operation} to {(owner is null ? "nobody" : owner)}'s key {key.KeyId} for {call.For}.";
    }

    /// <summary>Whether the resource of a path is there. A key without tags is not its key where a resource of the same name, which has gone since, had it.</summary>
    private static bool IsForPresent(SimulatedWorld world, KeyEntry key, string owner) => world.Cluster.Find(owner) is { } resource
        && (KeyTruth.Tag(key, TagNames.Owner) is not null || resource.Status?.KeyId == key.KeyId || !(resource.Metadata.CreationTimestamp > key.Current.CreationDate));

    private static bool IsNamed(SimulatedWorld world, KeyEntry key) =>
        !world.History.IsOverwrittenSince(key.KeyId, world.Now - TooLate)
        && world.Cluster.Resources.Any(resource => resource.Status is { } status && status.KeyId == key.KeyId && status.Region == key.Region);

    private static string NamespaceOf(string path) => path.Split('/') is [_, var home, _] ? home : "";
}
