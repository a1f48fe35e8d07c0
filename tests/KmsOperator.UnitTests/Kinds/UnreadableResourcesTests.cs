using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

public sealed class UnreadableResourcesTests
{
    [Fact]
    public void A_resource_that_cannot_be_read_gets_a_warning_event_each_time_it_changes_and_none_when_it_can_be_read_again()
    {
        var caches = new Caches();
        var events = new RecordedEvents();
        caches.Keys.SetUnreadable(Unreadable("early", "spec.service has the wrong type."));
        UnreadableResources.Report(caches.Keys, events);

        caches.Keys.SetUnreadable(Unreadable("late", "It is too large."));
        caches.Set(new ServiceKey { Metadata = new ObjectMeta { Namespace = "team", Name = "late" } });

        Assert.Equal(
            [
                "Warning InvalidSpec early: The operator cannot read this resource and does nothing for it: spec.service has the wrong type. Correct it, or delete it.",
                "Warning InvalidSpec late: The operator cannot read this resource and does nothing for it: It is too large. Correct it, or delete it.",
            ],
            events.Recorded);
    }

    [Fact]
    public void Of_a_resource_whose_name_cannot_be_read_there_is_no_event()
    {
        var caches = new Caches();
        var events = new RecordedEvents();
        UnreadableResources.Report(caches.Keys, events);

        caches.Keys.SetUnreadable(Unreadable("", "The object nests deeper than 64 levels."));

        Assert.Empty(events.Recorded);
    }

    private static UnreadableObject Unreadable(string name, string message) => new(
        ApiGroup.ApiVersion, ServiceKey.KindName, new ObjectMeta { Namespace = "team", Name = name, Uid = $"uid-of-{name}", ResourceVersion = "1" }, UnreadableReason.Malformed, message);

    private sealed class RecordedEvents : IEventRecorder
    {
        public List<string> Recorded { get; } = [];

        public void Record(IResource regarding, EventType type, string reason, string action, string note) =>
            Recorded.Add($"{type} {reason} {regarding.Metadata.Name}: {note}");
    }
}
