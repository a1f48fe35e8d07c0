namespace KmsOperator.Kubernetes;

/// <summary>How long a <see cref="LeaderLease"/> lasts. The defaults are Kubernetes' own controllers'.</summary>
/// <remarks>
/// <see cref="LeaseDuration"/> &gt; <see cref="RenewDeadline"/> &gt; <see cref="RetryPeriod"/>: the difference between the first two is the
/// time that a leader who cannot renew has to stop before another may start.
/// </remarks>
public sealed record LeaderLeaseOptions
{
    /// <summary>How long others wait after the last renewal that they saw; whole seconds. Default 15 seconds.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after its last renewal a leader gives up. Default 10 seconds.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between attempts to take or renew the lease. Default 2 seconds.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>The lease is another's, or could not be renewed in time. The process must end at once: another leads already, or soon.</summary>
public sealed class LeaseLostException(string message, Exception? innerException = null) : Exception(message, innerException);
