using System.Collections.Frozen;

namespace KmsOperator.Planning;

/// <summary>What KMS allows for one key spec.</summary>
/// <param name="Name">KMS's name, for example <c>RSA_2048</c>.</param>
/// <param name="Usages">The key usages that a key of this spec may be created with; the first is the one to propose.</param>
/// <param name="CanRotate">Whether KMS rotates keys of this spec by itself, given material that KMS made.</param>
public sealed record KeySpecRules(string Name, IReadOnlyList<string> Usages, bool CanRotate);

/// <summary>KMS's key specs, and which key usages go with each.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey (KeySpec, KeyUsage); developer guide, "Rotating AWS KMS keys".</remarks>
public static class KeySpecs
{
    /// <summary>The spec of keys whose manifest names none.</summary>
    public const string Default = "SYMMETRIC_DEFAULT";

    /// <summary>The usage of keys whose manifest names none, whatever their spec.</summary>
    public const string DefaultUsage = EncryptDecrypt;

    private const string EncryptDecrypt = "ENCRYPT_DECRYPT";
    private const string SignVerify = "SIGN_VERIFY";
    private const string GenerateVerifyMac = "GENERATE_VERIFY_MAC";
    private const string KeyAgreement = "KEY_AGREEMENT";
    private const string EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE";

    /// <summary>All key specs, in the order of the CRD.</summary>
    public static IReadOnlyList<KeySpecRules> All { get; } =
    [
        new(Default, [EncryptDecrypt], CanRotate: true),
        Fixed("HMAC_224", GenerateVerifyMac),
        Fixed("HMAC_256", GenerateVerifyMac),
        Fixed("HMAC_384", GenerateVerifyMac),
        Fixed("HMAC_512", GenerateVerifyMac),
        Fixed("RSA_2048", EncryptDecrypt, SignVerify),
        Fixed("RSA_3072", EncryptDecrypt, SignVerify),
        Fixed("RSA_4096", EncryptDecrypt, SignVerify),
        Fixed("ECC_NIST_P256", SignVerify, KeyAgreement),
        Fixed("ECC_NIST_P384", SignVerify, KeyAgreement),
        Fixed("ECC_NIST_P521", SignVerify, KeyAgreement),
        Fixed("ECC_NIST_EDWARDS25519", SignVerify),
        Fixed("ECC_SECG_P256K1", SignVerify),
        Fixed("ML_DSA_44", SignVerify),
        Fixed("ML_DSA_65", SignVerify),
        Fixed("ML_DSA_87", SignVerify),
        Fixed("ML_KEM_512", EncapsulateDecapsulate),
        Fixed("ML_KEM_768", EncapsulateDecapsulate),
        Fixed("ML_KEM_1024", EncapsulateDecapsulate),
        Fixed("SM2", EncryptDecrypt, SignVerify, KeyAgreement),
    ];

    /// <summary>All key usages, in the order of the CRD.</summary>
    public static IReadOnlyList<string> Usages { get; } =
        [EncryptDecrypt, SignVerify, GenerateVerifyMac, KeyAgreement, EncapsulateDecapsulate];

    private static readonly FrozenDictionary<string, KeySpecRules> ByName =
        All.ToFrozenDictionary(rules => rules.Name, StringComparer.Ordinal);

    /// <summary>The rules of the spec with this name; null when KMS has no such spec.</summary>
    public static KeySpecRules? TryGet(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Whether KMS rotates keys of this spec and usage by itself. Null stands for the default.</summary>
    public static bool CanRotate(string? spec, string? usage) =>
        TryGet(spec ?? Default) is { CanRotate: true } rules && rules.Usages.Contains(usage ?? DefaultUsage);

    /// <summary>How many bytes the key material of a spec has; null for asymmetric keys, whose material is PKCS #8 in DER.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Requirements for imported key material".</remarks>
    public static int? MaterialBytes(string spec) => spec switch
    {
        Default or "HMAC_256" => 32,
        "HMAC_224" => 28,
        "HMAC_384" => 48,
        "HMAC_512" => 64,
        _ => null,
    };

    /// <summary>Whether keys of this spec are pairs of a private and a public key.</summary>
    public static bool IsAsymmetric(string spec) => spec != Default && !spec.StartsWith("HMAC_", StringComparison.Ordinal);

    private static KeySpecRules Fixed(string name, params string[] usages) => new(name, usages, CanRotate: false);
}
