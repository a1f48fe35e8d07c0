using KmsOperator.Api;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// An operator schedules the deletion of a key only while the resource that owns it, or has adopted it before AWS denied the owner tags, is being deleted and is to take its key with it. What
/// changes in the last seconds before the call may come too late for it, and no look is fresh after a stop. A call that was sent while it was asked for can be on its
/// way for long. The process that sent it looks at the key again before the resource goes, and so does the next one, which sees the mark at the key unless AWS
/// has refused that. So in the end the key is what the resource last asked for, unless late calls gave it both marks: KMS takes neither off while its deletion is pending; or the resource only observes
/// since: then nothing is written to its key.
/// </summary>
internal sealed class NoUnaskedDeletion : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    private readonly List<(string Owner, string Region, string KeyId, OperatorProcess Sender)> _late = [];

    public string Statement => "Nothing is scheduled for deletion that was not asked for.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation != "ScheduleKeyDeletion" || world.Keys.Find(call.Region, call.KeyId) is not { } key || KeyTruth.IsPendingDeletion(key))
            return null;
        world.History.Observe();
        if (world.Scheduler.Elapsed - sender.Process.ResumedAt <= TooLate)
            return null;
        var owner = KeyTruth.OwnerOf(key) ?? world.History.MadeFor(key.KeyId) ?? (world.Cluster.HasAdopted(call.For, key.KeyId) ? call.For! : "");
        if (world.History.DeletionWantedAt(owner) is { } at)
        {
            if (world.Now - at <= TooLate)
                return null;
            if (call.SentAt - at <= TooLate)
            {
                _late.Add((owner, call.Region, key.KeyId, sender));
                return null;
            }
        }

        return $"{sender.Identity} schedules the deletion of {key.KeyId} in {key.Region}, which is {(owner.Length > 0 ? owner : "nobody")}'s, for {call.For}.";
    }

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var (owner, region, keyId, sender) in _late)
        {
            if (world.Keys.Find(region, keyId) is { } key && KeyTruth.IsPendingDeletion(key) && !AsDescribedInTheEnd.IsMarkedTwice(world, key)
                && WasToStay(world, owner, key) && !world.History.IsScheduledByPeople(keyId) && !world.History.IsExcused(owner)
                && (sender.Process.IsAlive || !world.History.IsMarkRefused(region, keyId)))
                return $"{owner} was last to keep {keyId} in {region}, and the late call of {sender.Identity} stands.";
        }

        return null;
    }

    /// <summary>Whether the resource that a key was of was to leave it when it was last seen. A later one of the name does not count.</summary>
    private static bool WasToStay(SimulatedWorld world, string owner, KeyEntry key) =>
        world.History.LastPolicy(owner) is { } last && last.Uid == KeyTruth.Tag(key, TagNames.Uid) && world.History.LastWish(owner) == false && !world.History.IsLeftUntouched(key);
}
