using System.Collections.Frozen;
using System.Security.Cryptography;

namespace KmsSimulator.Import;

/// <summary>
/// The RSA keys with which key material is wrapped on its way to KMS, and the secret that makes import tokens this simulator's own. KMS makes a new
/// wrapping key for every GetParametersForImport; here there is one of each length in a process, because they take long to make.
/// </summary>
internal sealed class WrappingKeys
{
    private static readonly FrozenDictionary<int, Lazy<byte[]>> PrivateKeys = new[] { 2048, 3072, 4096 }.ToFrozenDictionary(bits => bits, bits => new Lazy<byte[]>(() =>
    {
        using var rsa = RSA.Create(bits);
        return rsa.ExportPkcs8PrivateKey();
    }));

    /// <summary>Authenticates import tokens.</summary>
    public byte[] TokenSecret { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>The wrapping key of a length in bits.</summary>
    public static RSA Open(int bits)
    {
        var opened = RSA.Create();
        opened.ImportPkcs8PrivateKey(PrivateKeys[bits].Value, out _);
        return opened;
    }
}
