using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KmsOperator.Kubernetes;

/// <summary>How a <see cref="Controller"/> works.</summary>
public sealed record ControllerOptions
{
    /// <summary>Objects worked on at the same time, 1 or more. Default 16.</summary>
    public int Workers { get; init; } = 16;

    /// <summary>How long a stop leaves the work in hand alone before its token is cancelled. Default 30 seconds.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where metrics go, under controller-runtime's names; none when null.</summary>
    public Meter? Meter { get; init; }

    /// <summary>Where a span for each reconciliation goes; none when null. What a reconciler does inside of it can make spans below it.</summary>
    public ActivitySource? Traces { get; init; }

    /// <summary>Makes the <c>reconcileID</c> of logs and traces: another one for each reconciliation, also after a restart.</summary>
    public required Func<string> NewReconcileId { get; init; }
}
