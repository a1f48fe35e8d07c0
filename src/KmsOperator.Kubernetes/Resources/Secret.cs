using System.Security.Cryptography;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>What others must not see. Whoever reads one calls <see cref="Clear"/> when done with it.</summary>
/// <remarks>Source: Kubernetes API reference, Secret v1.</remarks>
public sealed record Secret : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "v1"; } = "v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "Secret"; } = "Secret";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Bytes by key.</summary>
    public IReadOnlyDictionary<string, byte[]>? Data { get; init; }

    /// <summary>Overwrites all data with zeros.</summary>
    public void Clear()
    {
        foreach (var bytes in Data?.Values ?? [])
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Which Secret it is, and nothing of its data.</summary>
    public override string ToString() => $"Secret {Metadata.Namespace}/{Metadata.Name}";
}
