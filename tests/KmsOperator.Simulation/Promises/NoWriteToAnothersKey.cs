using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// What an operator does for a resource, it does to the key whose tags name that resource, or that was made for it, or that it adopts; a
/// replica is made from a key of the same namespace.
/// </summary>
internal sealed class NoWriteToAnothersKey : IPromise
{
    public string Statement => "No key of another owner is written to.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.For is null || call.Operation is "CreateKey" or "CreateAlias" or "DeleteAlias" || world.Keys.Find(call.Region, call.KeyId) is not { } key)
            return null;
        var owner = KeyTruth.Tag(key, TagNames.Owner) ?? world.History.MadeFor(key.KeyId);
        if (call.Operation == "ReplicateKey")
        {
            // What a resource that is gone has left is nobody's once people took its tags off, and the class decides.
            owner = KeyTruth.Tag(key, TagNames.Owner) is null && IsLeft(world, owner ?? "", key.KeyId) ? null : owner;
            return owner is null || NamespaceOf(owner) == NamespaceOf(call.For)
                ? null
                : $"{sender.Identity} replicates {owner}'s key {key.KeyId} for {call.For}.";
        }

        if (owner == call.For || world.History.MadeFor(key.KeyId) == call.For || Adopts(world, call.For))
            return null;
        return $"{sender.Identity} sends {call.Operation} to {(owner is null ? "nobody" : owner)}'s key {key.KeyId} for {call.For}.";
    }

    /// <summary>Whether the resource is gone, or another one has its name and a key of its own.</summary>
    private static bool IsLeft(SimulatedWorld world, string path, string keyId) => world.Cluster.Find(path) is not { } resource
        || world.Keys.All.Any(own => KeyTruth.Tag(own, TagNames.Uid) == resource.Metadata.Uid && own.KeyId != keyId);

    private static bool Adopts(SimulatedWorld world, string path) => world.Cluster.Find(path) switch
    {
        ServiceKey key => key.Spec.Adopt is not null,
        KeyReplica replica => replica.Spec.Adopt is not null,
        _ => false,
    };

    private static string NamespaceOf(string path) => path.Split('/') is [_, var home, _] ? home : "";
}
