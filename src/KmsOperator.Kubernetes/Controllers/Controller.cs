using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

public sealed class Controller(
    string name, WorkQueue<ResourceKey> queue, IReconciler reconciler, ControllerOptions options, TimeProvider time, ILogger logger)
{
    public string Name => name;
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException($"{queue}{reconciler}{options}{time}{logger}");
}

public sealed record ControllerOptions
{
    public int Workers { get; init; } = 16;
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);
}
