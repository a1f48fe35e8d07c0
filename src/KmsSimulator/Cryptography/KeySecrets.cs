using System.Security.Cryptography;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>Makes and recognises the secrets of keys, by their spec.</summary>
internal static class KeySecrets
{
    /// <summary>A new secret.</summary>
    public static KeySecret New(string spec) => new(() =>
    {
        if (SymmetricBytes(spec) is { } length)
            return RandomNumberGenerator.GetBytes(length);
        if (RsaBits(spec) is { } bits)
        {
            using var rsa = RSA.Create(bits);
            return rsa.ExportPkcs8PrivateKey();
        }

        if (Curve(spec) is { } curve)
        {
            using var key = ECDsa.Create(curve);
            return key.ExportPkcs8PrivateKey();
        }

        throw NotSupported(spec);
    });

    /// <summary>Whether bytes are a secret of a spec.</summary>
    /// <exception cref="ServiceException">UnsupportedOperationException: .NET has no such keys.</exception>
    public static bool Fits(string spec, byte[] secret)
    {
        if (SymmetricBytes(spec) is { } length)
            return secret.Length == length;
        if (RsaBits(spec) is null && Curve(spec) is null)
            throw NotSupported(spec);
        try
        {
            if (RsaBits(spec) is { } bits)
            {
                using var rsa = RSA.Create();
                rsa.ImportPkcs8PrivateKey(secret, out var read);
                return read == secret.Length && rsa.KeySize == bits;
            }

            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(secret, out var count);
            return count == secret.Length && key.ExportParameters(false).Curve.Oid.Value == Curve(spec)!.Value.Oid.Value;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Length of an RSA key; null for other keys.</summary>
    public static int? RsaBits(string spec) => spec switch { "RSA_2048" => 2048, "RSA_3072" => 3072, "RSA_4096" => 4096, _ => null };

    /// <summary>Curve of an elliptic-curve key; null for other keys, and for curves that .NET has not.</summary>
    /// <remarks>Source of the identifiers: RFC 5480, section 2.1.1.1; SEC 2, section A.2.1.</remarks>
    public static ECCurve? Curve(string spec) => spec switch
    {
        "ECC_NIST_P256" => ECCurve.CreateFromValue("1.2.840.10045.3.1.7"),
        "ECC_NIST_P384" => ECCurve.CreateFromValue("1.3.132.0.34"),
        "ECC_NIST_P521" => ECCurve.CreateFromValue("1.3.132.0.35"),
        "ECC_SECG_P256K1" => ECCurve.CreateFromValue("1.3.132.0.10"),
        _ => null,
    };

    /// <summary>The error for keys of whose cryptography .NET has nothing.</summary>
    public static ServiceException NotSupported(string spec) =>
        Errors.Unsupported($"KmsSimulator has no cryptography for keys with KeySpec {spec}.");

    private static int? SymmetricBytes(string spec) => spec switch
    {
        KeySpecs.Symmetric or "HMAC_256" => 32,
        "HMAC_224" => 28,
        "HMAC_384" => 48,
        "HMAC_512" => 64,
        _ => null,
    };
}
