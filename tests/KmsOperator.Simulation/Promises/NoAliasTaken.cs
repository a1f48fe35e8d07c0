using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// An alias that names another resource's key, or a key that is nobody's, stays there unless the spec asks to take it over and the class permits it. What an earlier resource of a name
/// left is free; a later one that takes the key up in the last seconds may come too late. Where people restored an older cluster, an alias goes back to the resource that had it then.
/// </summary>
internal sealed class NoAliasTaken : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    public string Statement => "No alias is taken from another's key.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation is not ("UpdateAlias" or "DeleteAlias") || call.For is null
            || world.Keys.Find(call.Region, world.Keys.TargetOf(call.Region, call.AliasName!)) is not { } holder)
            return null;
        var owner = KeyTruth.OwnerOf(holder) ?? world.History.MadeFor(holder.KeyId);
        if (owner == call.For || world.History.AliasesMadeFor.GetValueOrDefault((call.Region, call.AliasName!))?.Path == call.For)
            return null;

        if (world.History.IsExcused("*") && world.Cluster.Find(call.For)?.Status is { } restored && (restored.AliasName == call.AliasName || restored.AdditionalAliases?.Contains(call.AliasName!) == true))
            return null;

        // Its key may be taken up again just then: the alias was never that resource's.
        if (call.Operation == "UpdateAlias" && world.Cluster.Find(call.For) is (ServiceKey { Spec.TakeOverAlias: true } or KeyReplica { Spec.TakeOverAlias: true })
            && (owner is null || world.Cluster.Find(owner) is not { } resource || (KeyTruth.Tag(holder, TagNames.Uid) != resource.Metadata.Uid && resource.Status?.KeyId != holder.KeyId)
                || IsLeftByAnEarlierOne(world, call, resource) || IsTakenUpJustNow(world, holder, resource)))
            return null;
        return $"{sender.Identity} sends {call.Operation} of {call.AliasName}, which is at {(owner is null ? "nobody" : owner)}'s key {holder.KeyId}, for {call.For}.";
    }

    private static bool IsTakenUpJustNow(SimulatedWorld world, KeyEntry holder, IKeyResource now) =>
        KeyTruth.Tag(holder, TagNames.Uid) != now.Metadata.Uid && world.History.IsKeyNamedSince(ClusterTruth.PathOf(now), world.Now - TooLate);

    private static bool IsLeftByAnEarlierOne(SimulatedWorld world, AwsCall call, IKeyResource now) =>
        world.History.AliasesMadeFor.GetValueOrDefault((call.Region, call.AliasName!)) is { } maker && maker.Uid != now.Metadata.Uid
        && now is ServiceKey key && key.Spec.Alias != call.AliasName && key.Spec.AdditionalAliases?.Contains(call.AliasName!) != true && key.Status?.AliasName != call.AliasName;
}
