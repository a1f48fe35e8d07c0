using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A key is rotated on demand at most as often as its resource had different values of the annotation. Replicas are rotated with their primary. A key with imported material is rotated to each
/// new material.
/// </summary>
internal sealed class RotatedOnceForEachValue : IPromise
{
    public string Statement => "A key is rotated once for each value of rotate-at.";

    public string? Always(SimulatedWorld world)
    {
        foreach (var key in world.Keys.All)
        {
            var rotated = key.Shared.Materials.Count(material => material.RotationType == "ON_DEMAND") + (key.Shared.OnDemandRotationStartDate is null ? 0 : 1);
            if (rotated == 0 || !key.IsPrimary || key.Group.Origin == "EXTERNAL" || KeyTruth.Tag(key, Api.TagNames.Uid) is null)
                continue;

            // Somebody may have moved the primary: what was asked of the one before was done to the same key. Or they took the owner tags off.
            var asked = key.Group.Members.Values.Select(KeyTruth.OwnerOf).Append(world.History.MadeFor(key.KeyId)).OfType<string>().Distinct().Sum(world.History.RotationsAsked);
            if (rotated > asked)
                return $"{KeyTruth.OwnerOf(key)}'s key {key.KeyId} was rotated {rotated} times for {asked} values.";
        }

        return null;
    }
}
