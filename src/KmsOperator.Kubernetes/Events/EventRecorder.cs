using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

public sealed class EventRecorder(IKubernetesApi api, string controller, string instance, TimeProvider time, ILogger logger) : IEventRecorder
{
    public void Record(IResource regarding, EventType type, string reason, string action, string note) => throw new NotImplementedException();
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException($"{api}{controller}{instance}{time}{logger}");
}
