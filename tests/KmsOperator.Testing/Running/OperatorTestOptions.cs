using KmsSimulator;

namespace KmsOperator.Testing.Running;

/// <summary>What an operator under test is started with; the defaults are those of <c>kms-operator run</c>, but for fewer workers.</summary>
public sealed record OperatorTestOptions
{
    /// <summary><c>--cluster-id</c>.</summary>
    public string ClusterId { get; init; } = "test";

    /// <summary><c>--watch-namespaces</c>.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];

    /// <summary><c>--workers</c>.</summary>
    public int Workers { get; init; } = 4;

    /// <summary><c>--drift-period</c>.</summary>
    public TimeSpan DriftPeriod { get; init; } = TimeSpan.FromHours(10);

    /// <summary><c>--consistency-window</c>.</summary>
    public TimeSpan ConsistencyWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>--deletion-guard-days</c>.</summary>
    public TimeSpan DeletionGuard { get; init; } = TimeSpan.FromDays(7);

    /// <summary><c>--quota-share</c>.</summary>
    public double QuotaShare { get; init; } = 0.5;

    /// <summary><c>--event-queue</c>: URLs of queues.</summary>
    public IReadOnlyList<string> EventQueues { get; init; } = [];

    /// <summary>What stands between the operator and AWS, given AWS; null for nothing. The test's own calls do not go through it.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? AwsFront { get; init; }

    /// <summary>Fixes what is random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>KMS and STS: without quotas and delays, unless a test wants them.</summary>
    public SimulatorOptions Simulator { get; init; } = new() { QuotaScale = 0, Seed = 1 };
}
