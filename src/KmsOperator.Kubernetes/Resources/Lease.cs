using System.Text.Json.Serialization;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>A lock that its holder must renew.</summary>
/// <remarks>Source: Kubernetes API reference, Lease coordination.k8s.io/v1.</remarks>
public sealed record Lease : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "coordination.k8s.io/v1"; } = "coordination.k8s.io/v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "Lease"; } = "Lease";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Who holds the lease, and for how long.</summary>
    public LeaseSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary><c>Lease.spec</c>.</summary>
public sealed record LeaseSpec
{
    /// <summary>Who holds the lease; null or empty when nobody does.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>Seconds that others wait, counted from the last change that they saw, before they take the lease.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the holder took the lease.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When the holder renewed the lease last.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the lease went from one holder to another.</summary>
    public int? LeaseTransitions { get; init; }
}
