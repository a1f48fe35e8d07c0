namespace KmsOperator.Planning;

/// <summary>KMS's words for where a key's material comes from.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey, Origin.</remarks>
public static class KeyOrigins
{
    /// <summary>KMS makes it.</summary>
    public const string Kms = "AWS_KMS";

    /// <summary>It is imported.</summary>
    public const string External = "EXTERNAL";

    /// <summary>A CloudHSM cluster makes it, in a custom key store.</summary>
    public const string CloudHsm = "AWS_CLOUDHSM";

    /// <summary>It stays in a key manager outside AWS, in a custom key store.</summary>
    public const string ExternalKeyStore = "EXTERNAL_KEY_STORE";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Kms, External, CloudHsm, ExternalKeyStore];
}
