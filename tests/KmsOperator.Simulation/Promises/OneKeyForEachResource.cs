using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>Keys that can be used and carry the same resource's uid are one key, with its replicas.</summary>
internal sealed class OneKeyForEachResource : IPromise
{
    public string Statement => "A resource never has two usable keys.";

    public string? Always(SimulatedWorld world)
    {
        Dictionary<string, string>? seen = null;
        foreach (var key in world.Keys.All)
        {
            if (key.Current.State != KeyState.Enabled || KeyTruth.OwnerOf(key) is not { } owner || KeyTruth.Tag(key, TagNames.Uid) is not { } uid)
                continue;
            seen ??= [];
            if (!seen.TryAdd($"{owner} {uid}", key.KeyId) && seen[$"{owner} {uid}"] != key.KeyId)
                return $"{owner} has {seen[$"{owner} {uid}"]} and {key.KeyId}.";
        }

        return null;
    }
}
