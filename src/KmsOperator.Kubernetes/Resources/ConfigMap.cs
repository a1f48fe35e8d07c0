using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Configuration for workloads.</summary>
/// <remarks>Source: Kubernetes API reference, ConfigMap v1. Binary data is not modelled, and never written.</remarks>
public sealed record ConfigMap : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "v1"; } = "v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "ConfigMap"; } = "ConfigMap";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Text by key.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }
}
