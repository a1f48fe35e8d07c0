using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// An operator schedules the deletion of a key only while the resource that owns it is being deleted and is to take its key with it. What
/// changes in the last seconds before the call may come too late for it, and no look is fresh after a stop. A call that a killed process sent
/// while it was asked for can arrive when a later resource of the name has the key; nobody knows of it.
/// </summary>
internal sealed class NoUnaskedDeletion : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    public string Statement => "Nothing is scheduled for deletion that was not asked for.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation != "ScheduleKeyDeletion" || world.Keys.Find(call.Region, call.KeyId) is not { } key || KeyTruth.IsPendingDeletion(key))
            return null;
        world.History.Observe();
        if (world.Scheduler.Elapsed - sender.Process.ResumedAt <= TooLate)
            return null;
        var owner = KeyTruth.OwnerOf(key) ?? world.History.MadeFor(key.KeyId) ?? "";
        return world.History.DeletionWantedAt(owner) is { } at
            && (world.Now - at <= TooLate || (!sender.Process.IsAlive && call.SentAt - at <= TooLate))
            ? null
            : $"{sender.Identity} schedules the deletion of {key.KeyId} in {key.Region}, which is {(owner.Length > 0 ? owner : "nobody")}'s, for {call.For}.";
    }
}
