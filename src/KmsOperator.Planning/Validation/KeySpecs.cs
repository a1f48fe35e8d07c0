namespace KmsOperator.Planning;

/// <summary>KMS's key specs and what each may be used for.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey, KeySpec and KeyUsage; developer guide, "Key spec reference".</remarks>
public static class KeySpecs
{
    private const string Encrypt = "ENCRYPT_DECRYPT";
    private const string Sign = "SIGN_VERIFY";
    private const string Mac = "GENERATE_VERIFY_MAC";
    private const string Agree = "KEY_AGREEMENT";
    private const string Encapsulate = "ENCAPSULATE_DECAPSULATE";

    /// <summary>Usages by spec; a key has exactly one of them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Usages { get; } = new OrderedDictionary<string, IReadOnlyList<string>>
    {
        ["SYMMETRIC_DEFAULT"] = [Encrypt],
        ["RSA_2048"] = [Encrypt, Sign],
        ["RSA_3072"] = [Encrypt, Sign],
        ["RSA_4096"] = [Encrypt, Sign],
        ["ECC_NIST_P256"] = [Sign, Agree],
        ["ECC_NIST_P384"] = [Sign, Agree],
        ["ECC_NIST_P521"] = [Sign, Agree],
        ["ECC_SECG_P256K1"] = [Sign],
        ["ECC_NIST_EDWARDS25519"] = [Sign],
        ["HMAC_224"] = [Mac],
        ["HMAC_256"] = [Mac],
        ["HMAC_384"] = [Mac],
        ["HMAC_512"] = [Mac],
        ["SM2"] = [Encrypt, Sign, Agree],
        ["ML_DSA_44"] = [Sign],
        ["ML_DSA_65"] = [Sign],
        ["ML_DSA_87"] = [Sign],
        ["ML_KEM_512"] = [Encapsulate],
        ["ML_KEM_768"] = [Encapsulate],
        ["ML_KEM_1024"] = [Encapsulate],
    };

    /// <summary>Whether KMS can rotate keys of this spec by itself.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Rotate AWS KMS keys": symmetric encryption keys with material from KMS.</remarks>
    public static bool CanRotate(string keySpec) => keySpec == "SYMMETRIC_DEFAULT";
}
