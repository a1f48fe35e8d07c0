using System.Collections.Frozen;

namespace KmsOperator.Policies.Evaluation;

/// <summary>The condition keys that a key policy may have.</summary>
/// <remarks>Source: AWS KMS developer guide, "AWS KMS condition keys"; IAM user guide, "AWS global condition context keys".</remarks>
public static class ConditionKeys
{
    /// <summary>Begins the keys of the encryption context's pairs.</summary>
    public const string EncryptionContext = "kms:EncryptionContext:";

    private static readonly string[] Always = [];
    private static readonly string[] Grants = ["CreateGrant"];
    private static readonly string[] Import = ["GetParametersForImport"];
    private static readonly string[] ReEncrypt = ["ReEncryptFrom", "ReEncryptTo"];

    // The operations whose requests may have the key; none for those of every key.
    private static readonly FrozenDictionary<string, string[]> OfKms = new Dictionary<string, string[]>
    {
        ["kms:BypassPolicyLockoutSafetyCheck"] = ["CreateKey", "PutKeyPolicy", "ReplicateKey"],
        ["kms:CallerAccount"] = Always,
        ["kms:CustomerMasterKeySpec"] = Always,
        ["kms:CustomerMasterKeyUsage"] = Always,
        ["kms:DataKeyPairSpec"] = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"],
        ["kms:EncryptionAlgorithm"] =
            ["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"],
        ["kms:EncryptionContextKeys"] =
            ["CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"],
        ["kms:ExpirationModel"] = ["ImportKeyMaterial"],
        ["kms:GrantConstraintSourceArn"] = Grants,
        ["kms:GrantConstraintType"] = Grants,
        ["kms:GranteePrincipal"] = Grants,
        ["kms:GranteeServicePrincipal"] = Grants,
        ["kms:GrantIsForAWSResource"] = ["CreateGrant", "ListGrants", "RevokeGrant"],
        ["kms:GrantOperations"] = Grants,
        ["kms:KeyAgreementAlgorithm"] = ["DeriveSharedSecret"],
        ["kms:KeyOrigin"] = Always,
        ["kms:KeySpec"] = Always,
        ["kms:KeyUsage"] = Always,
        ["kms:MacAlgorithm"] = ["GenerateMac", "VerifyMac"],
        ["kms:MessageType"] = ["Sign", "Verify"],
        ["kms:MultiRegion"] = Always,
        ["kms:MultiRegionKeyType"] = Always,
        ["kms:PrimaryRegion"] = ["UpdatePrimaryRegion"],
        ["kms:ReEncryptOnSameKey"] = ReEncrypt,
        ["kms:ReplicaRegion"] = ["ReplicateKey"],
        ["kms:RequestAlias"] = Always,
        ["kms:ResourceAliases"] = Always,
        ["kms:RetiringPrincipal"] = Grants,
        ["kms:RetiringServicePrincipal"] = Grants,
        ["kms:RotationPeriodInDays"] = ["EnableKeyRotation"],
        ["kms:ScheduleKeyDeletionPendingWindowInDays"] = ["ScheduleKeyDeletion"],
        ["kms:SigningAlgorithm"] = ["Sign", "Verify"],
        ["kms:TrailingDaysWithoutKeyUsage"] = ["DisableKey", "ScheduleKeyDeletion"],
        ["kms:ValidTo"] = ["ImportKeyMaterial"],
        ["kms:ViaService"] = Always,
        ["kms:WrappingAlgorithm"] = Import,
        ["kms:WrappingKeySpec"] = Import,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Global =
    [
        "aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ChatbotSourceArn", "aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4",
        "aws:Ec2InstanceSourceVpc", "aws:EpochTime", "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn",
        "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalType", "aws:Referer",
        "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity",
        "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent",
        "aws:userid", "aws:username", "aws:ViaAWSService", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:VpcSourceIp",
    ];

    // Keys whose end is a name that somebody chooses.
    private static readonly string[] Prefixes = [EncryptionContext, "kms:RecipientAttestation:", "aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"];

    /// <summary>Every key whose whole name is known.</summary>
    public static IReadOnlyList<string> All { get; } = [.. OfKms.Keys.Concat(Global).Order(StringComparer.OrdinalIgnoreCase)];

    /// <summary>Beginnings of the keys whose end is chosen freely.</summary>
    public static IReadOnlyList<string> FreePrefixes => Prefixes;

    /// <summary>Whether the key is one of KMS or of all services.</summary>
    public static bool IsKnown(string key) => All.Contains(key, StringComparer.OrdinalIgnoreCase) || Prefixes.Any(prefix => IsBelow(key, prefix));

    /// <summary>Whether a key begins so and goes on.</summary>
    public static bool IsBelow(string key, string prefix) => key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether requests of an action may have a key of KMS.</summary>
    /// <param name="key">A condition key.</param>
    /// <param name="action">For example <c>kms:Decrypt</c>.</param>
    public static bool MayBeIn(string key, string action)
    {
        if (IsBelow(key, EncryptionContext))
        {
            return KmsActions.HasEncryptionContext(action);
        }

        return !OfKms.TryGetValue(key, out var operations) || operations.Length == 0 || operations.Contains(action["kms:".Length..], StringComparer.OrdinalIgnoreCase);
    }
}
