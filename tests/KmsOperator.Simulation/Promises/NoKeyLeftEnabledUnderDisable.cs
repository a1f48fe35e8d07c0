using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A resource that goes under <c>deletionPolicy: Disable</c> stays until its key is disabled. Excepted are a key that people enabled, and one whose class is gone. A policy that changes in the
/// last 15 seconds before the resource's last write is sent may come too late.
/// </summary>
internal sealed class NoKeyLeftEnabledUnderDisable : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(15);

    public string Statement => "A key that is left under the policy Disable is disabled.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var key in world.Keys.All)
        {
            if (key.Current.State == KeyState.Enabled && KeyTruth.Tag(key, TagNames.Released) is not null && KeyTruth.OwnerOf(key) is { } owner
                && world.Cluster.Find(owner) is null && world.History.LastPolicy(owner) is { Policy: DeletionPolicies.Disable } last
                && last.Uid == KeyTruth.Tag(key, TagNames.Uid) && last.SeenAt - last.Since >= TooLate
                && !world.History.IsEnabledByPeople(key.KeyId) && !world.History.IsLeftUntouched(key) && !world.History.IsExcused(owner))
                return $"{owner} left {key.KeyId} in {key.Region} enabled.";
        }

        return null;
    }
}
