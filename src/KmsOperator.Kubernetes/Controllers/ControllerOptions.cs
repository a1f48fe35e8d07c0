using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KmsOperator.Kubernetes;

/// <summary>Settings of a <see cref="Controller"/>.</summary>
public sealed record ControllerOptions
{
    /// <summary>How many objects are reconciled at the same time, 1 or more. Default 16.</summary>
    public int Workers { get; init; } = 16;

    /// <summary>How long running reconciliations may continue after a stop before they are cancelled. Default 30 seconds.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Meter for metrics with controller-runtime's names; no metrics if null.</summary>
    public Meter? Meter { get; init; }

    /// <summary>Source of one span per reconciliation; no spans if null. A reconciler can start child spans.</summary>
    public ActivitySource? Traces { get; init; }

    /// <summary>Makes the <c>reconcileID</c> of logs and traces. It must be unique for each reconciliation, also after a restart.</summary>
    public required Func<string> NewReconcileId { get; init; }
}
