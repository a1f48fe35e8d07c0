using System.Security.Cryptography;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>Encrypts key material with the public key that KMS gave for it.</summary>
/// <remarks>Source: AWS KMS developer guide, "Encrypt the key material"; RFC 5649 for the wrapping with an AES key.</remarks>
internal static class MaterialWrapping
{
    /// <summary>For 256-bit symmetric keys.</summary>
    public const string Direct = "RSAES_OAEP_SHA_256";

    /// <summary>For material of any length: an AES key of its own wraps it, and the public key that one.</summary>
    public const string ByAesKey = "RSA_AES_KEY_WRAP_SHA_256";

    private const int AesKeyBytes = 32;

    /// <summary>How material of a key is wrapped.</summary>
    public static string AlgorithmFor(string keySpec) => keySpec == KeySpecs.Default ? Direct : ByAesKey;

    /// <summary>Wraps.</summary>
    /// <param name="publicKey">KMS's wrapping key, as SubjectPublicKeyInfo.</param>
    /// <param name="algorithm">How.</param>
    /// <param name="material">The material; the caller overwrites it.</param>
    /// <exception cref="CryptographicException">The public key is none of RSA.</exception>
    public static byte[] Wrap(ReadOnlySpan<byte> publicKey, string algorithm, ReadOnlySpan<byte> material)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        if (algorithm == Direct)
        {
            return rsa.Encrypt(material, RSAEncryptionPadding.OaepSHA256);
        }

        var aesKey = RandomNumberGenerator.GetBytes(AesKeyBytes);
        try
        {
            using var aes = Aes.Create();
            aes.SetKey(aesKey);
            return [.. rsa.Encrypt(aesKey, RSAEncryptionPadding.OaepSHA256), .. aes.EncryptKeyWrapPadded(material)];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(aesKey);
        }
    }
}
