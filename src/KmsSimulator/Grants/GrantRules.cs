using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Grants;

/// <summary>What KMS demands of grants.</summary>
/// <remarks>Source: AWS KMS developer guide, "Grants in AWS KMS", "Grant operations"; API reference, CreateGrant, GrantConstraints.</remarks>
internal static class GrantRules
{
    private const int MaxPairs = 8;
    private const int MaxCharacters = 384;

    // Sorted, so that the same constraints have the same text.
    private static readonly string[] ConstraintNames = ["EncryptionContextEquals", "EncryptionContextSubset"];

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

    /// <summary>Fails on what is no principal, or one that does not exist.</summary>
    public static void CheckPrincipal(string? arn, KmsCall call)
    {
        if (arn is null)
            return;
        var isArn = arn.StartsWith("arn:", StringComparison.Ordinal) && PolicyPrincipal.IsAws(arn, call.Partition);
        if (!isArn || !call.Simulation.Principals.Exists(arn))
            throw new ServiceException("InvalidArnException", $"ARN does not refer to a valid principal: {arn}");
    }

    /// <summary>Reads Constraints: their JSON with sorted names, or null when there are none.</summary>
    public static string? ReadConstraints(KmsInput input)
    {
        if (input.Structure("Constraints") is not { } given)
            return null;
        foreach (var member in given.EnumerateObject())
        {
            if (!ConstraintNames.Contains(member.Name))
                throw Errors.Validation($"KmsSimulator knows the grant constraints {string.Join(" and ", ConstraintNames)}, not {Errors.Shown(member.Name)}.");
        }

        var constraints = new JsonObject();
        foreach (var name in ConstraintNames)
        {
            if (!given.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                continue;
            if (value.ValueKind != JsonValueKind.Object)
                throw Errors.Serialization($"{name} must be a map");
            var pairs = KmsInput.Texts(value);
            if (pairs.Count > MaxPairs || pairs.Sum(pair => pair.Key.Length + pair.Value.Length) > MaxCharacters)
            {
                throw Errors.Validation(
                    $"The encryption context of a grant constraint may have {MaxPairs} pairs and {MaxCharacters} characters at most.");
            }

            if (pairs.Count > 0)
                constraints[name] = new JsonObject(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        return constraints.Count == 0 ? null : constraints.ToJsonString();
    }
}
