using System.Security.Cryptography;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>Opens the private keys of asymmetric keys. An asymmetric key has one material for all its life.</summary>
internal static class AsymmetricKeys
{
    public static RSA OpenRsa(KeyEntry key)
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.Shared.Materials[^1].Secret.Bytes, out _);
        return rsa;
    }

    public static ECDsa OpenEcdsa(KeyEntry key)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(key.Shared.Materials[^1].Secret.Bytes, out _);
        return ecdsa;
    }

    public static ECDiffieHellman OpenEcdh(KeyEntry key)
    {
        var ecdh = ECDiffieHellman.Create();
        ecdh.ImportPkcs8PrivateKey(key.Shared.Materials[^1].Secret.Bytes, out _);
        return ecdh;
    }

    /// <summary>The public key as an X.509 SubjectPublicKeyInfo, in DER.</summary>
    /// <param name="spec">The key's spec.</param>
    /// <param name="secret">Its private key in PKCS #8.</param>
    public static byte[] PublicKey(string spec, ReadOnlySpan<byte> secret)
    {
        if (KeySecrets.RsaBits(spec) is not null)
        {
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(secret, out _);
            return rsa.ExportSubjectPublicKeyInfo();
        }

        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secret, out _);
        return key.ExportSubjectPublicKeyInfo();
    }
}
