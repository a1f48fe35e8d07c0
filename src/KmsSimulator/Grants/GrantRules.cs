using KmsSimulator.Keys;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Grants;

/// <summary>What KMS demands of grants.</summary>
/// <remarks>Source: AWS KMS developer guide, "Grants in AWS KMS", "Grant operations"; API reference, CreateGrant, GrantConstraints.</remarks>
internal static class GrantRules
{
    private static readonly string[] OfEveryKey = ["CreateGrant", "DescribeKey", "RetireGrant"];

    private static readonly string[] OfSymmetricEncryption =
    [
        "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom", "ReEncryptTo",
    ];

    private static readonly string[] OfAsymmetricEncryption = ["Decrypt", "Encrypt", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo"];

    private static readonly string[] All =
    [
        "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify",
        "GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
        "GenerateMac", "VerifyMac", "DeriveSharedSecret",
    ];

    /// <summary>Reads Operations, without regard to a key.</summary>
    public static IReadOnlyList<string> ReadOperations(KmsInput input)
    {
        var operations = input.Strings("Operations", 1, 64, required: true);
        foreach (var operation in operations)
        {
            if (!All.Contains(operation))
                throw Errors.Violation(operation, "operations", $"Member must satisfy enum value set: [{string.Join(", ", All)}]");
        }

        return operations;
    }

    /// <summary>Fails on operations that no key of this kind has.</summary>
    public static void CheckOperations(IReadOnlyList<string> operations, KeyGroup key)
    {
        if (operations.Count == 0)
            throw Errors.Validation("A grant must allow at least one operation.");
        var own = key.KeyUsage switch
        {
            KeySpecs.EncryptDecrypt => key.IsSymmetricEncryption ? OfSymmetricEncryption : OfAsymmetricEncryption,
            "SIGN_VERIFY" => ["GetPublicKey", "Sign", "Verify"],
            "GENERATE_VERIFY_MAC" => ["GenerateMac", "VerifyMac"],
            "KEY_AGREEMENT" => ["DeriveSharedSecret", "GetPublicKey"],
            _ => ["GetPublicKey"],
        };
        foreach (var operation in operations)
        {
            if (!OfEveryKey.Contains(operation) && !own.Contains(operation))
                throw Errors.Validation($"A key with KeySpec {key.KeySpec} and KeyUsage {key.KeyUsage} has no operation {operation} to grant.");
        }
    }

    /// <summary>Fails unless it is either a principal or a service, and a service comes with a source and somebody to retire the grant.</summary>
    /// <remarks>Source: AWS KMS API reference, CreateGrant, GranteeServicePrincipal.</remarks>
    public static void CheckGrantee(
        string? principal, string? service, string? retiringPrincipal, string? retiringService, GrantConstraints? constraints)
    {
        if (principal is null == service is null)
            throw Errors.Validation("Give either a GranteePrincipal or a GranteeServicePrincipal.");
        if (retiringPrincipal is not null && retiringService is not null)
            throw Errors.Validation("Give either a RetiringPrincipal or a RetiringServicePrincipal.");
        if (service is not null && constraints?.SourceArn is null)
            throw Errors.Validation("A grant to a GranteeServicePrincipal needs the constraint SourceArn.");
        if (service is not null && retiringPrincipal is null && retiringService is null)
            throw Errors.Validation("A grant to a GranteeServicePrincipal needs a RetiringPrincipal or a RetiringServicePrincipal.");
        if ((service ?? retiringService) is { } name && !(PolicyPrincipal.IsService(name) && (retiringService is null || PolicyPrincipal.IsService(retiringService))))
            throw Errors.Validation($"{Errors.Shown(name)} is not a service principal.");
    }

    /// <summary>Fails on what is no principal, or one that does not exist.</summary>
    public static void CheckPrincipal(string? arn, KmsCall call)
    {
        if (arn is null)
            return;
        var isArn = arn.StartsWith("arn:", StringComparison.Ordinal) && PolicyPrincipal.IsAws(arn, call.Partition);
        if (!isArn || !call.Simulation.Principals.Exists(arn))
            throw new ServiceException("InvalidArnException", $"ARN does not refer to a valid principal: {arn}");
    }
}
