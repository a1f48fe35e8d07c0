namespace KmsSimulator;

/// <summary>What a simulator is started with. All of it holds until the simulator ends; <c>/_sim/reset</c> does not change it.</summary>
public sealed record SimulatorOptions
{
    /// <summary>Port on 127.0.0.1, 0 to 65535; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Factor on KMS's request quotas, 0 or more: 1 keeps AWS's defaults, 0 switches throttling off.</summary>
    public double QuotaScale { get; init; } = 1;

    /// <summary>For how long, at most, readers may see the state before a write. Zero makes every write visible at once.</summary>
    public TimeSpan ConsistencyDelay { get; init; }

    /// <summary>
    /// Fixes ids of keys, grants and materials, and delays: the same requests of an account in the same order get the same ones, whatever
    /// other accounts do. Null picks a new seed each time.
    /// </summary>
    public int? Seed { get; init; }

    /// <summary>
    /// How long a replica is Creating, keys are Updating while their primary Region changes, and an on-demand rotation is under way.
    /// </summary>
    public TimeSpan TransitionTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Since when KMS records uses of keys: earlier ones are not known, and TrackingStartDate of older keys says so. Null is since always. AWS
    /// itself began on 2026-04-23.
    /// </summary>
    public DateTimeOffset? UsageTrackingSince { get; init; }

    /// <summary>Fails on values out of range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the first property that is.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Port, nameof(Port));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535, nameof(Port));
        ArgumentOutOfRangeException.ThrowIfNegative(QuotaScale, nameof(QuotaScale));
        ArgumentOutOfRangeException.ThrowIfLessThan(ConsistencyDelay, TimeSpan.Zero, nameof(ConsistencyDelay));
        ArgumentOutOfRangeException.ThrowIfLessThan(TransitionTime, TimeSpan.Zero, nameof(TransitionTime));
    }
}
