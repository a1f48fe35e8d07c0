using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Material;

/// <summary>What was found where the spec says that the key material is.</summary>
/// <param name="Source">The version of the Secret, and why its material cannot be imported; null where nobody looked.</param>
/// <param name="Material">The material; null where there is none to import.</param>
internal sealed record MaterialReading(MaterialSource? Source, KeyMaterial? Material) : IDisposable
{
    /// <summary>Nothing is to be imported, or nobody looked.</summary>
    public static MaterialReading None { get; } = new(null, null);

    /// <summary>The material cannot be imported.</summary>
    public static MaterialReading Failed(ReconcileError error, SecretVersion? version = null) => new(new MaterialSource(version, error), null);

    /// <inheritdoc />
    public void Dispose() => Material?.Dispose();
}
