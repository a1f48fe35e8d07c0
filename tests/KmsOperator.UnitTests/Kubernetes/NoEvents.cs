using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>Drops all events.</summary>
internal sealed class NoEvents : IEventRecorder
{
    public void Record(IResource regarding, EventType type, string reason, string action, string note)
    {
    }
}
