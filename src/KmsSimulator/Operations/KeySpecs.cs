namespace KmsSimulator.Operations;

/// <summary>Key specs, their usages and algorithms.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey; developer guide, "Key spec reference".</remarks>
internal static class KeySpecs
{
    public const string Encrypt = "ENCRYPT_DECRYPT";
    public const string Sign = "SIGN_VERIFY";
    public const string Mac = "GENERATE_VERIFY_MAC";
    public const string Agree = "KEY_AGREEMENT";
    public const string Encapsulate = "ENCAPSULATE_DECAPSULATE";

    public static readonly string[] KeyUsages = [Encrypt, Sign, Mac, Agree, Encapsulate];

    public static readonly Dictionary<string, string[]> Usages = new()
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

    /// <summary>Name and content of the metadata's list of algorithms.</summary>
    public static (string Field, string[] Algorithms) Algorithms(string spec, string usage) => usage switch
    {
        Encrypt => ("EncryptionAlgorithms", spec switch
        {
            "SYMMETRIC_DEFAULT" => ["SYMMETRIC_DEFAULT"],
            "SM2" => ["SM2PKE"],
            _ => ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        }),
        Sign => ("SigningAlgorithms", spec switch
        {
            "ECC_NIST_P256" or "ECC_SECG_P256K1" => ["ECDSA_SHA_256"],
            "ECC_NIST_P384" => ["ECDSA_SHA_384"],
            "ECC_NIST_P521" => ["ECDSA_SHA_512"],
            "ECC_NIST_EDWARDS25519" => ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
            "SM2" => ["SM2DSA"],
            _ when spec.StartsWith("ML_DSA", StringComparison.Ordinal) => ["ML_DSA_SHAKE_256"],
            _ =>
            [
                "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
                "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
            ],
        }),
        Mac => ("MacAlgorithms", [spec.Replace("HMAC_", "HMAC_SHA_", StringComparison.Ordinal)]),
        Agree => ("KeyAgreementAlgorithms", ["ECDH"]),
        _ => ("EncapsulationAlgorithms", [spec]),
    };

    /// <summary>Whether KMS rotates keys of this spec by itself.</summary>
    public static bool CanRotate(string spec) => spec == "SYMMETRIC_DEFAULT";
}
