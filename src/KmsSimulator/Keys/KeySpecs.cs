using System.Collections.Frozen;
using KmsSimulator.State;

namespace KmsSimulator.Keys;

/// <summary>Key specs, the usages that each allows and the algorithms that follow.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey; developer guide, "Key spec reference".</remarks>
internal static class KeySpecs
{
    public const string Symmetric = "SYMMETRIC_DEFAULT";
    public const string EncryptDecrypt = "ENCRYPT_DECRYPT";
    public const string SignVerify = "SIGN_VERIFY";
    public const string GenerateVerifyMac = "GENERATE_VERIFY_MAC";
    public const string KeyAgreement = "KEY_AGREEMENT";
    private const string Encapsulate = "ENCAPSULATE_DECAPSULATE";

    private static readonly string[] RsaSigning =
    [
        "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
        "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
    ];

    public static string[] Usages { get; } = [SignVerify, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, Encapsulate];

    /// <summary>The usages of each spec.</summary>
    public static FrozenDictionary<string, string[]> UsagesBySpec { get; } = new Dictionary<string, string[]>
    {
        [Symmetric] = [EncryptDecrypt],
        ["RSA_2048"] = [EncryptDecrypt, SignVerify],
        ["RSA_3072"] = [EncryptDecrypt, SignVerify],
        ["RSA_4096"] = [EncryptDecrypt, SignVerify],
        ["ECC_NIST_P256"] = [SignVerify, KeyAgreement],
        ["ECC_NIST_P384"] = [SignVerify, KeyAgreement],
        ["ECC_NIST_P521"] = [SignVerify, KeyAgreement],
        ["ECC_NIST_EDWARDS25519"] = [SignVerify],
        ["ECC_SECG_P256K1"] = [SignVerify],
        ["HMAC_224"] = [GenerateVerifyMac],
        ["HMAC_256"] = [GenerateVerifyMac],
        ["HMAC_384"] = [GenerateVerifyMac],
        ["HMAC_512"] = [GenerateVerifyMac],
        ["SM2"] = [EncryptDecrypt, SignVerify, KeyAgreement],
        ["ML_DSA_44"] = [SignVerify],
        ["ML_DSA_65"] = [SignVerify],
        ["ML_DSA_87"] = [SignVerify],
        ["ML_KEM_512"] = [Encapsulate],
        ["ML_KEM_768"] = [Encapsulate],
        ["ML_KEM_1024"] = [Encapsulate],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether an alias may move from one to the other: both symmetric or both asymmetric, and of the same usage.</summary>
    public static bool AreAlike(KeyGroup one, KeyGroup other) =>
        one.KeyUsage == other.KeyUsage && IsSymmetric(one.KeySpec) == IsSymmetric(other.KeySpec);

    private static bool IsSymmetric(string spec) => spec == Symmetric || spec.StartsWith("HMAC_", StringComparison.Ordinal);

    /// <summary>The metadata's list of algorithms: its name and content.</summary>
    public static (string Field, string[] Names) Algorithms(string spec, string usage) => usage switch
    {
        EncryptDecrypt => ("EncryptionAlgorithms", spec switch
        {
            Symmetric => [Symmetric],
            "SM2" => ["SM2PKE"],
            _ => ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        }),
        SignVerify => ("SigningAlgorithms", spec switch
        {
            "ECC_NIST_P256" or "ECC_SECG_P256K1" => ["ECDSA_SHA_256"],
            "ECC_NIST_P384" => ["ECDSA_SHA_384"],
            "ECC_NIST_P521" => ["ECDSA_SHA_512"],
            "ECC_NIST_EDWARDS25519" => ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
            "SM2" => ["SM2DSA"],
            "ML_DSA_44" or "ML_DSA_65" or "ML_DSA_87" => ["ML_DSA_SHAKE_256"],
            _ => RsaSigning,
        }),
        GenerateVerifyMac => ("MacAlgorithms", [spec.Replace("HMAC_", "HMAC_SHA_", StringComparison.Ordinal)]),
        KeyAgreement => ("KeyAgreementAlgorithms", ["ECDH"]),
        _ => ("EncapsulationAlgorithms", ["ML_KEM"]),
    };
}
