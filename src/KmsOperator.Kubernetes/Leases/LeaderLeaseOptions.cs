namespace KmsOperator.Kubernetes;

/// <summary>Durations of a <see cref="LeaderLease"/>. The defaults are those of Kubernetes' own controllers.</summary>
/// <remarks>
/// <see cref="LeaseDuration"/> must be longer than <see cref="RenewDeadline"/>, and that longer than <see cref="RetryPeriod"/>. A leader that
/// cannot renew has the difference between the first two to stop its work before another instance may lead.
/// </remarks>
public sealed record LeaderLeaseOptions
{
    /// <summary>How long other instances wait after the last renewal that they saw; whole seconds. Default 15 seconds.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after its last renewal a leader stops leading. Default 10 seconds.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between attempts to take or renew the lease. Default 2 seconds.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How old the last renewal may be for a write that must not happen twice. Default 4 seconds, two retry periods.</summary>
    public TimeSpan FreshRenewal { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Whether several processes hold the lease together, under one identity: each of them takes a lease that names it, and none releases it for the others when it
    /// stops. Default false.
    /// </summary>
    public bool IsShared { get; init; }
}

/// <summary>Another instance holds the lease, or the lease could not be renewed in time. The process must end at once, since another instance leads now or soon.</summary>
public sealed class LeaseLostException(string message, Exception? innerException = null) : Exception(message, innerException);
