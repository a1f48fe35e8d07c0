using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>What people granted by themselves stays, whatever the resource of the key says.</summary>
internal sealed class NoForeignGrantRevoked : IPromise
{
    public string Statement => "No grant that others made is revoked.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call) =>
        call.Operation == "RevokeGrant" && world.Keys.Find(call.Region, call.KeyId) is { } key
        && world.Keys.Grants(key).FirstOrDefault(grant => grant.Id == (string?)call.Input?["GrantId"]) is { } foreign && !GrantName.IsOwn(foreign.Name ?? "")
            ? $"{sender.Identity} revokes grant {foreign.Id} of key {key.KeyId}, which it did not make."
            : null;
}
