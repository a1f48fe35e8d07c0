using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// KMS leaves a key disabled when its deletion is cancelled. Where an operator cancels it since the resource is to leave the key as it is (<c>Retain</c>), it enables the key as well, unless
/// AWS denies it that. Whoever disables the key afterwards may do so. Where AWS denied the mark of the deletion, and the process that cancelled it is dead, nobody knows of either.
/// </summary>
internal sealed class NoRetainedKeyDisabled : IPromise
{
    private readonly Dictionary<(string Region, string KeyId), OperatorProcess> _cancelled = [];

    public string Statement => "A key that stays after its deletion was cancelled is enabled.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call is { Operation: "CancelKeyDeletion", KeyId: { } cancelled } && world.Keys.Find(call.Region, cancelled) is { } key && KeyTruth.IsPendingDeletion(key))
            _cancelled[(call.Region, cancelled)] = sender;
        else if (call is { Operation: "EnableKey" or "DisableKey" or "ScheduleKeyDeletion", KeyId: { } keyId })
            _cancelled.Remove((call.Region, keyId));
        return null;
    }

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var ((region, keyId), sender) in _cancelled)
        {
            if (world.Keys.Find(region, keyId) is { Current.State: KeyState.Disabled } key
                && KeyTruth.Tag(key, TagNames.Released) is not null && KeyTruth.OwnerOf(key) is { } owner
                && KeyTruth.Tag(key, TagNames.Uid) is { } uid && world.History.IsLastLeftAsItIs(uid) && !world.History.IsEnableRefused(region, keyId)
                && (sender.Process.IsAlive || !world.History.IsMarkRefused(region, keyId)))
                return $"{owner} left {keyId} in {region} disabled.";
        }

        return null;
    }
}
