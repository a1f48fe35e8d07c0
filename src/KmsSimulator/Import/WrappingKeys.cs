using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace KmsSimulator.Import;

/// <summary>
/// The RSA keys with which key material is wrapped on its way to KMS, and the secret that makes import tokens this simulator's own. KMS makes a new
/// wrapping key for every GetParametersForImport; here there is one of each length, because they take long to make.
/// </summary>
internal sealed class WrappingKeys
{
    private readonly ConcurrentDictionary<int, Lazy<byte[]>> _privateKeys = new();

    /// <summary>Authenticates import tokens.</summary>
    public byte[] TokenSecret { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>The wrapping key of a length in bits.</summary>
    public RSA Open(int bits)
    {
        var privateKey = _privateKeys.GetOrAdd(bits, static length => new Lazy<byte[]>(() =>
        {
            using var rsa = RSA.Create(length);
            return rsa.ExportPkcs8PrivateKey();
        }));
        var opened = RSA.Create();
        opened.ImportPkcs8PrivateKey(privateKey.Value, out _);
        return opened;
    }
}
