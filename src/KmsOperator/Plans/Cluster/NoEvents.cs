using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Cluster;

/// <summary>Drops events: what a plan has to say is in the plan.</summary>
internal sealed class NoEvents : IEventRecorder
{
    /// <inheritdoc />
    public void Record(IResource regarding, EventType type, string reason, string action, string note)
    {
    }
}
