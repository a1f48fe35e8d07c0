namespace KmsOperator.Policies.Evaluation;

/// <summary>The actions of KMS, and which of them a key policy can decide for which keys.</summary>
/// <remarks>Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Key Management Service"; AWS KMS developer guide, "AWS KMS permissions".</remarks>
public static class KmsActions
{
    private const string Prefix = "kms:";

    private static readonly string[] OfEveryKey =
    [
        "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey", "kms:GetKeyLastUsage",
        "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RetireGrant", "kms:RevokeGrant",
        "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",

        // Only by the origin of the material and by the Region, which a key policy does not say.
        "kms:DeleteImportedKeyMaterial", "kms:GetParametersForImport", "kms:ImportKeyMaterial", "kms:ReplicateKey", "kms:SynchronizeMultiRegionKey", "kms:UpdatePrimaryRegion",
    ];

    private static readonly string[] Symmetric =
    [
        "kms:Decrypt", "kms:DisableKeyRotation", "kms:EnableKeyRotation", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext", "kms:ListKeyRotations", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RotateKeyOnDemand",
    ];

    private static readonly string[] AsymmetricEncryption = ["kms:Decrypt", "kms:Encrypt", "kms:GetPublicKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
    private static readonly string[] Signing = ["kms:GetPublicKey", "kms:Sign", "kms:Verify"];
    private static readonly string[] Mac = ["kms:GenerateMac", "kms:VerifyMac"];
    private static readonly string[] Agreement = ["kms:DeriveSharedSecret", "kms:GetPublicKey"];
    private static readonly string[] Encapsulation = ["kms:Decapsulate", "kms:Encapsulate", "kms:GetPublicKey"];

    // About an account or a custom key store: no key policy can allow them.
    private static readonly string[] OfNoKey =
    [
        "kms:ConnectCustomKeyStore", "kms:CreateCustomKeyStore", "kms:CreateKey", "kms:DeleteCustomKeyStore", "kms:DescribeCustomKeyStores", "kms:DisconnectCustomKeyStore",
        "kms:GenerateRandom", "kms:ListAliases", "kms:ListKeys", "kms:ListRetirableGrants", "kms:UpdateCustomKeyStore",
    ];

    /// <summary>Every action of KMS, in ordinal order.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. OfEveryKey.Concat(Symmetric).Concat(AsymmetricEncryption).Concat(Signing).Concat(Mac).Concat(Agreement).Concat(Encapsulation).Concat(OfNoKey).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The actions that a policy of a key can decide: all those about keys where the key's kind is not known.</summary>
    /// <param name="keySpec">For example <c>RSA_2048</c>; null if it is not known.</param>
    /// <param name="keyUsage">For example <c>SIGN_VERIFY</c>; null if it is not known.</param>
    public static IReadOnlyList<string> Of(string? keySpec, string? keyUsage) => (keySpec, keyUsage) switch
    {
        ("SYMMETRIC_DEFAULT", _) => [.. OfEveryKey, .. Symmetric],
        (not null, "ENCRYPT_DECRYPT") => [.. OfEveryKey, .. AsymmetricEncryption],
        (_, "SIGN_VERIFY") => [.. OfEveryKey, .. Signing],
        (_, "GENERATE_VERIFY_MAC") => [.. OfEveryKey, .. Mac],
        (_, "KEY_AGREEMENT") => [.. OfEveryKey, .. Agreement],
        (_, "ENCAPSULATE_DECAPSULATE") => [.. OfEveryKey, .. Encapsulation],
        _ => [.. All.Except(OfNoKey)],
    };

    /// <summary>Whether a request of this action may have an encryption context.</summary>
    public static bool HasEncryptionContext(string action) => action.Equals("kms:CreateGrant", StringComparison.OrdinalIgnoreCase)
        || (Symmetric.Contains(action, StringComparer.OrdinalIgnoreCase) && !action.Contains("Rotat", StringComparison.OrdinalIgnoreCase));

    /// <summary>The action in KMS's own spelling, with or without the prefix, in any case; null for what is not an action.</summary>
    public static string? TryFind(string text)
    {
        var action = text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? text : Prefix + text;
        return All.FirstOrDefault(known => known.Equals(action, StringComparison.OrdinalIgnoreCase));
    }
}
