using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

public sealed class LeaderLease(
    IKubernetesApi api, ResourceKey key, string identity, LeaderLeaseOptions options, TimeProvider time, Random random, ILogger logger)
{
    public bool IsLeader => throw new NotImplementedException();
    public Task RunAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{api}{key}{identity}{options}{time}{random}{logger}");
}

public sealed record LeaderLeaseOptions
{
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

public sealed class LeaseLostException(string message, Exception? inner = null) : Exception(message, inner);
