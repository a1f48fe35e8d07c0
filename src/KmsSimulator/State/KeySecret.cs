namespace KmsSimulator.State;

/// <summary>
/// What is secret of a key material: the bytes of a symmetric key, or a private key in PKCS #8. It is made when it is first used, because that
/// takes long for RSA and most keys of a test are never used.
/// </summary>
internal sealed class KeySecret
{
    private readonly Lazy<byte[]> _bytes;

    public KeySecret(Func<byte[]> make) => _bytes = new Lazy<byte[]>(make);

    public KeySecret(byte[] bytes) => _bytes = new Lazy<byte[]>(bytes);

    public ReadOnlySpan<byte> Bytes => _bytes.Value;
}
