using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies;

/// <summary>What a key can be used for: the actions that generated policies give to its users.</summary>
/// <remarks>Source: AWS KMS developer guide, "Default key policy" (key users) and "AWS KMS permissions" (key types of each operation).</remarks>
public sealed record KeyActions
{
    private const string Describe = "kms:DescribeKey";
    private const string PublicKey = "kms:GetPublicKey";

    private static readonly string[] OfGrants =
    [
        "CreateGrant", "Decapsulate", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encapsulate", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "Sign", "Verify", "VerifyMac",
    ];

    private KeyActions()
    {
    }

    /// <summary>Keys of symmetric encryption, the only ones that AWS services encrypt with.</summary>
    public static KeyActions SymmetricEncryption { get; } = new()
    {
        IsSymmetricEncryption = true,
        Use = StatementParts.Use,
        All = KmsActions.Of("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        Verbs = Encryption("kms:GenerateDataKey*"),
    };

    /// <summary>Whether the key is one of symmetric encryption.</summary>
    public bool IsSymmetricEncryption { get; private init; }

    /// <summary>Everything that the usage has, in ordinal order.</summary>
    public required IReadOnlyList<string> Use { get; init; }

    /// <summary>Every action that a policy of such a key can decide.</summary>
    public required IReadOnlyList<string> All { get; init; }

    /// <summary>The operations that a grant for such a key can have.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Grants in AWS KMS", grant operations.</remarks>
    public IReadOnlyList<string> GrantOperations => [.. All.Select(action => action["kms:".Length..]).Where(OfGrants.Contains)];

    /// <summary>The parts of the usage that can be given alone, by their name in <c>access</c>, for example <c>signers</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Verbs { get; private init; } = new OrderedDictionary<string, IReadOnlyList<string>>();

    /// <summary>Whether policies let principals make grants for AWS services (<c>kms:GrantIsForAWSResource</c>).</summary>
    /// <remarks>Source: AWS KMS developer guide, "Controlling access to HMAC KMS keys": the default policy has no such statement for these, but for most other keys.</remarks>
    public bool HasServiceGrants { get; private init; } = true;

    private static KeyActions AsymmetricEncryption { get; } = Of("ENCRYPT_DECRYPT", "kms:Decrypt", Describe, "kms:Encrypt", PublicKey, "kms:ReEncrypt*") with { Verbs = Encryption(PublicKey) };

    private static KeyActions Signing { get; } = Of("SIGN_VERIFY", Describe, PublicKey, "kms:Sign", "kms:Verify") with
    {
        Verbs = new OrderedDictionary<string, IReadOnlyList<string>>
        {
            ["signers"] = [Describe, PublicKey, "kms:Sign"],
            ["verifiers"] = [Describe, PublicKey, "kms:Verify"],
        },
    };

    private static KeyActions Mac { get; } = Of("GENERATE_VERIFY_MAC", Describe, "kms:GenerateMac", "kms:VerifyMac") with
    {
        HasServiceGrants = false,
        Verbs = new OrderedDictionary<string, IReadOnlyList<string>>
        {
            ["macGenerators"] = [Describe, "kms:GenerateMac"],
            ["macVerifiers"] = [Describe, "kms:VerifyMac"],
        },
    };

    private static KeyActions Agreement { get; } = Of("KEY_AGREEMENT", "kms:DeriveSharedSecret", Describe, PublicKey);

    private static KeyActions Encapsulation { get; } = Of("ENCAPSULATE_DECAPSULATE", "kms:Decapsulate", Describe, "kms:Encapsulate", PublicKey);

    /// <summary>The actions of a key; null when the usage is not known.</summary>
    /// <param name="keySpec">KMS's key spec, for example <c>RSA_2048</c>.</param>
    /// <param name="keyUsage">KMS's key usage, for example <c>SIGN_VERIFY</c>.</param>
    public static KeyActions? TryGet(string keySpec, string keyUsage) => keyUsage switch
    {
        "ENCRYPT_DECRYPT" => keySpec == "SYMMETRIC_DEFAULT" ? SymmetricEncryption : AsymmetricEncryption,
        "SIGN_VERIFY" => Signing,
        "GENERATE_VERIFY_MAC" => Mac,
        "KEY_AGREEMENT" => Agreement,
        "ENCAPSULATE_DECAPSULATE" => Encapsulation,
        _ => null,
    };

    private static OrderedDictionary<string, IReadOnlyList<string>> Encryption(string alsoToEncrypt) => new()
    {
        ["encrypters"] = [Describe, "kms:Encrypt", alsoToEncrypt, "kms:ReEncryptTo"],
        ["decrypters"] = ["kms:Decrypt", Describe, "kms:ReEncryptFrom"],
    };

    private static KeyActions Of(string keyUsage, params string[] use) => new() { Use = use, All = KmsActions.Of("RSA_2048", keyUsage) };
}
