using System.Security.Cryptography;
using System.Text;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>What Encrypt returns: key id, material id, nonce, tag and AES-GCM ciphertext; the encryption context is authenticated.</summary>
/// <remarks>Key id and material are the same in all Regions of a multi-Region key, so each decrypts what another encrypted.</remarks>
internal static class Ciphertext
{
    private const int KeyIdBytes = 36;
    private const int MaterialIdBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeaderBytes = KeyIdBytes + MaterialIdBytes + NonceBytes + TagBytes;

    public static byte[] Seal(string keyId, KeyMaterial material, ReadOnlySpan<byte> plaintext, SortedDictionary<string, string>? context)
    {
        var blob = new byte[HeaderBytes + plaintext.Length];
        Encoding.ASCII.GetBytes(keyId, blob);
        Convert.FromHexString(material.Id).CopyTo(blob, KeyIdBytes);
        var nonce = blob.AsSpan(KeyIdBytes + MaterialIdBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(material.Secret.Bytes, TagBytes);
        aes.Encrypt(nonce, plaintext, blob.AsSpan(HeaderBytes), blob.AsSpan(HeaderBytes - TagBytes, TagBytes), Authenticated(context));
        return blob;
    }

    /// <summary>The key that a blob says it was encrypted with; null when it is no blob of ours.</summary>
    public static string? KeyId(byte[] blob) => blob.Length < HeaderBytes ? null : Encoding.ASCII.GetString(blob, 0, KeyIdBytes);

    /// <summary>The plaintext, or null when material, context or blob do not fit.</summary>
    public static byte[]? Open(
        byte[] blob, IEnumerable<KeyMaterial> materials, SortedDictionary<string, string>? context, out string materialId)
    {
        var id = materialId = Convert.ToHexStringLower(blob, KeyIdBytes, MaterialIdBytes);
        if (materials.FirstOrDefault(candidate => candidate.Id == id) is not { } material)
            return null;
        var plaintext = new byte[blob.Length - HeaderBytes];
        using var aes = new AesGcm(material.Secret.Bytes, TagBytes);
        try
        {
            aes.Decrypt(
                blob.AsSpan(KeyIdBytes + MaterialIdBytes, NonceBytes),
                blob.AsSpan(HeaderBytes),
                blob.AsSpan(HeaderBytes - TagBytes, TagBytes),
                plaintext,
                Authenticated(context));
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Authenticated(SortedDictionary<string, string>? context)
    {
        // Lengths keep {"a": "bc"} and {"ab": "c"} apart.
        var text = new StringBuilder();
        foreach (var (key, value) in context ?? [])
            text.Append(key.Length).Append(':').Append(key).Append(value.Length).Append(':').Append(value);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
