using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>The rules of <c>spec.grants</c>.</summary>
/// <remarks>Source: AWS KMS API reference, CreateGrant and GrantConstraints, and its model in the SDK; developer guide, "Grants in AWS KMS".</remarks>
internal static class GrantRules
{
    public const string Field = "spec.grants";
    public const int MaxPrincipalLength = 256;

    private const int MaxGrants = 50;
    private const int MaxNameLength = 200;
    private const int MaxServiceLength = 128;
    private const int MinSourceArnLength = 20;
    private const int MaxSourceArnLength = 512;
    private const int MaxPairs = 8;
    private const int MaxContextCharacters = 384;
    private const string ExpectedPrincipal = "the name of an IAM role or the ARN of a principal (wildcards are not allowed)";

    private static readonly string[] OfEveryKey = ["CreateGrant", "DescribeKey", "RetireGrant"];

    private static readonly string[] OfSymmetricEncryption =
    [
        .. OfEveryKey, "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom", "ReEncryptTo",
    ];

    private static readonly string[] OfAsymmetricEncryption = [.. OfEveryKey, "Decrypt", "Encrypt", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo"];

    private static readonly Dictionary<string, string[]> OfOtherUsages = new()
    {
        ["SIGN_VERIFY"] = [.. OfEveryKey, "GetPublicKey", "Sign", "Verify"],
        ["GENERATE_VERIFY_MAC"] = [.. OfEveryKey, "GenerateMac", "VerifyMac"],
        ["KEY_AGREEMENT"] = [.. OfEveryKey, "DeriveSharedSecret", "GetPublicKey"],
        ["ENCAPSULATE_DECAPSULATE"] = [.. OfEveryKey, "Decapsulate", "Encapsulate", "GetPublicKey"],
    };

    /// <summary>Every operation that a grant can give, in ordinal order.</summary>
    public static IReadOnlyList<string> Operations { get; } =
        [.. OfSymmetricEncryption.Concat(OfAsymmetricEncryption).Concat(OfOtherUsages.Values.SelectMany(all => all)).Distinct().Order(StringComparer.Ordinal)];

    public static void Check(FieldErrors errors, IReadOnlyList<GrantSpec>? grants)
    {
        errors.Count(Field, grants?.Count, MaxGrants);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, grant) in (grants ?? []).Index())
        {
            var field = $"{Field}[{index}]";
            if (grant is null)
            {
                errors.Add(field, "must not be null");
                continue;
            }

            Check(errors, field, grant);
            errors.Require(names.Add(grant.Name), field, $"Duplicate value: name {FieldErrors.Quote(grant.Name)} is listed before, rename one of the two");
        }
    }

    /// <summary>What a key of a spec and usage cannot have; nothing for a usage that is not known.</summary>
    public static IEnumerable<FieldError> UsageErrors(IReadOnlyList<GrantSpec>? grants, string keySpec, string keyUsage)
    {
        var isSymmetric = keySpec == KeySpecs.Default;
        var kind = keyUsage != KeySpecs.DefaultUsage ? $"a key of keyUsage {keyUsage}" : isSymmetric ? $"a key of keySpec {keySpec}" : $"an asymmetric key of keyUsage {keyUsage}";
        if ((keyUsage == KeySpecs.DefaultUsage ? isSymmetric ? OfSymmetricEncryption : OfAsymmetricEncryption : OfOtherUsages.GetValueOrDefault(keyUsage)) is not { } fit)
        {
            yield break;
        }

        foreach (var (index, grant) in (grants ?? []).Index())
        {
            foreach (var (place, operation) in grant.Operations.Index().Where(one => Operations.Contains(one.Item) && !fit.Contains(one.Item)))
            {
                yield return new FieldError(
                    $"{Field}[{index}].operations[{place}]",
                    $"grants has an operation that {kind} does not have, {operation}; it has {string.Join(", ", fit.Order(StringComparer.Ordinal))}");
            }

            if (!isSymmetric && (grant.EncryptionContextEquals ?? grant.EncryptionContextSubset) is not null)
            {
                yield return new FieldError(
                    $"{Field}[{index}].{(grant.EncryptionContextEquals is null ? "encryptionContextSubset" : "encryptionContextEquals")}",
                    $"an encryption context of grants needs keySpec {KeySpecs.Default}, keys of other specs have none; remove it");
            }
        }
    }

    private static void Check(FieldErrors errors, string field, GrantSpec grant)
    {
        errors.Text(field + ".name", grant.Name, MaxNameLength, Patterns.GrantName, "a name for a grant: letters, digits, ':', '/', '_' and '-'", minLength: 1);
        Principal(errors, field + ".granteePrincipal", grant.GranteePrincipal);
        errors.Text(
            field + ".granteeServicePrincipal", grant.GranteeServicePrincipal, MaxServiceLength, Patterns.ServicePrincipal,
            "the principal of an AWS service, for example s3.amazonaws.com", minLength: 1);
        errors.Require(
            grant.GranteePrincipal is null != grant.GranteeServicePrincipal is null, field, "exactly one of granteePrincipal and granteeServicePrincipal must be set");
        errors.Text(field + ".sourceArn", grant.SourceArn, MaxSourceArnLength, Patterns.SourceArn, "the ARN of an AWS resource with its account", MinSourceArnLength);
        errors.Require(grant.SourceArn is null || grant.GranteeServicePrincipal is not null, field, "sourceArn is only allowed with granteeServicePrincipal");
        errors.Require(
            grant.GranteeServicePrincipal is null || grant.SourceArn is not null, field, "granteeServicePrincipal needs sourceArn, the resource for which the service may use the grant");
        CheckOperations(errors, field + ".operations", grant.Operations);
        Context(errors, field + ".encryptionContextEquals", grant.EncryptionContextEquals);
        Context(errors, field + ".encryptionContextSubset", grant.EncryptionContextSubset);
        errors.Require(
            grant.EncryptionContextEquals is null || grant.EncryptionContextSubset is null, field, "encryptionContextEquals and encryptionContextSubset exclude each other, remove one of the two");
        Principal(errors, field + ".retiringPrincipal", grant.RetiringPrincipal);
    }

    private static void CheckOperations(FieldErrors errors, string field, IReadOnlyList<string> operations)
    {
        errors.Require(operations.Count > 0, field, "should have at least 1 items: name what the grantee may do");
        errors.Set(field, operations, Operations.Count, (item, operation) => errors.Require(
            Operations.Contains(operation), item,
            $"{FieldErrors.Quote(operation)} is not supported{Advice(operation)}; grants give {string.Join(", ", Operations)}"));
    }

    /// <summary>Actions of policies are written otherwise than operations of grants.</summary>
    private static string Advice(string operation)
    {
        var bare = operation.StartsWith("kms:", StringComparison.OrdinalIgnoreCase) ? operation["kms:".Length..] : operation;
        return bare is "ReEncrypt" or "ReEncrypt*" ? ", use ReEncryptFrom and ReEncryptTo"
            : bare.EndsWith('*') ? ", name the operations one by one"
            : Suggestion.For(bare, Operations);
    }

    private static void Principal(FieldErrors errors, string field, string? principal)
    {
        if (errors.Text(field, principal, MaxPrincipalLength, Patterns.Principal, ExpectedPrincipal, minLength: 1))
            errors.Require(!Patterns.ServicePrincipal.IsMatch(principal!), field, $"{FieldErrors.Quote(principal!)} is an AWS service, which granteeServicePrincipal names");
    }

    private static void Context(FieldErrors errors, string field, IReadOnlyDictionary<string, string>? context)
    {
        if (context is null) return;
        errors.Require(context.Count > 0, field, "should have at least 1 properties: name a pair, or remove the field");
        errors.Count(field, context.Count, MaxPairs);
        errors.Require(context.Keys.All(key => key.Length > 0), field, "keys of an encryption context must not be empty, and have at most 384 characters");
        var characters = context.Sum(pair => pair.Key.Length + (pair.Value?.Length ?? 0));
        errors.Require(
            characters <= MaxContextCharacters, field, $"has {characters} characters, KMS takes {MaxContextCharacters} in the encryption context of a grant");
    }
}
