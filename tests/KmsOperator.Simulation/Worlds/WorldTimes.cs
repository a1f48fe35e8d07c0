namespace KmsOperator.Simulation.Worlds;

/// <summary>How long things take in a simulated world. Periods are short, so that little time passes without anything to see.</summary>
internal sealed record WorldTimes
{
    /// <summary>The operator's <c>--consistency-window</c>.</summary>
    public TimeSpan ConsistencyWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long, at most, KMS shows the state before a write; less than the window.</summary>
    public TimeSpan StaleReads { get; init; }

    /// <summary>The operator's <c>--drift-period</c>.</summary>
    public TimeSpan DriftPeriod { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>The operator's <c>--deletion-guard-days</c>.</summary>
    public TimeSpan DeletionGuard { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long after the last fault everything is as described, at the latest. Less than the time after which a watch ends by itself.</summary>
    public TimeSpan CalmLimit { get; init; } = TimeSpan.FromSeconds(280);

    /// <summary>How long nothing may be written afterwards; more than a drift period.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(60);
}
