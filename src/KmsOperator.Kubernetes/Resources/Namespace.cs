using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>A namespace: its labels and uid are all that the operator reads.</summary>
/// <remarks>Source: Kubernetes API reference, Namespace v1.</remarks>
public sealed record Namespace : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "v1"; } = "v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "Namespace"; } = "Namespace";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}
