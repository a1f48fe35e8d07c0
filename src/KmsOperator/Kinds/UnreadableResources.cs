using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>Reports the resources that the operator cannot read. They are set aside, and all others are reconciled as usual.</summary>
internal static class UnreadableResources
{
    /// <summary>Sends a warning event about each resource of a kind that cannot be read, from now on.</summary>
    public static void Report<T>(IResourceStore<T> store, IEventRecorder events)
        where T : class, IResource => store.SubscribeUnreadable(change =>
    {
        if (change.Unreadable is { Metadata.Name.Length: > 0 } unreadable)
        {
            events.Record(
                unreadable, EventType.Warning, Reasons.InvalidSpec, "Read", $"The operator cannot read this resource and does nothing for it: {unreadable.Message} Correct it, or delete it.");
        }
    });
}
