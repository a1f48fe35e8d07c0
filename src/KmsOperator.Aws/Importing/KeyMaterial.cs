using System.Security.Cryptography;

namespace KmsOperator.Aws;

/// <summary>Key material on its way to KMS. It is overwritten with zeros when it is disposed of, and no text shows it.</summary>
public sealed class KeyMaterial : IDisposable
{
    private readonly byte[] _bytes;

    /// <param name="bytes">The material, which belongs to this object from now on.</param>
    public KeyMaterial(byte[] bytes) => _bytes = bytes;

    private KeyMaterial() => (_bytes, IsPlaceholder) = ([], true);

    /// <summary>Stands for material that nobody has read: a plan says that it is imported, and imports nothing.</summary>
    public static KeyMaterial Placeholder { get; } = new();

    /// <summary>Whether there is no material at all.</summary>
    public bool IsPlaceholder { get; }

    /// <summary>The material.</summary>
    internal ReadOnlySpan<byte> Span => _bytes;

    /// <inheritdoc />
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
