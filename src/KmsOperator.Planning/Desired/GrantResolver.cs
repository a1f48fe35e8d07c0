using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Turns <c>spec.grants</c> into the grants that the key must have.</summary>
public static class GrantResolver
{
    /// <summary>Resolves the principals and puts everything into the one form in which it is compared.</summary>
    /// <param name="grants">Grants that are valid on their own.</param>
    /// <param name="location">The key's account and Region.</param>
    public static Resolved<IReadOnlyList<DesiredGrant>> Resolve(IReadOnlyList<GrantSpec>? grants, KeyLocation location)
    {
        var resolved = new List<DesiredGrant>();
        foreach (var (index, grant) in (grants ?? []).Index())
        {
            var field = $"{GrantRules.Field}[{index}]";
            if (!TryResolve(grant.GranteePrincipal, location, out var grantee))
            {
                return Mistake($"{field}.granteePrincipal", grant.GranteePrincipal!);
            }

            if (!TryResolve(grant.RetiringPrincipal, location, out var retiring))
            {
                return Mistake($"{field}.retiringPrincipal", grant.RetiringPrincipal!);
            }

            resolved.Add(new DesiredGrant(grant.Name, [.. grant.Operations.Distinct().Order(StringComparer.Ordinal)])
            {
                GranteePrincipal = grantee,
                GranteeServicePrincipal = grant.GranteeServicePrincipal,
                SourceArn = grant.SourceArn,
                EncryptionContextEquals = grant.EncryptionContextEquals,
                EncryptionContextSubset = grant.EncryptionContextSubset,
                RetiringPrincipal = retiring,
            });
        }

        return resolved;
    }

    /// <summary>Why a key cannot have the grants: it lacks an operation, or has no encryption context. Null if it can.</summary>
    public static ReconcileError? FindUnfit(IReadOnlyList<GrantSpec>? grants, string keySpec, string keyUsage) =>
        GrantRules.UsageErrors(grants, keySpec, keyUsage).FirstOrDefault() is { } error ? ReconcileError.Terminal(Reasons.InvalidSpec, $"{error.Field}: {error.Message}.") : null;

    private static bool TryResolve(string? name, KeyLocation location, out string? arn)
    {
        arn = null;
        return name is null || (PrincipalName.TryResolve(name, Partition.OfRegion(location.Region), location.AccountId, out arn) && arn.Length <= GrantRules.MaxPrincipalLength);
    }

    private static ReconcileError Mistake(string field, string name) => ReconcileError.Terminal(
        Reasons.InvalidSpec,
        $"{field}: {FieldErrors.Quote(name)} is neither the name of a role nor the ARN of a principal of {GrantRules.MaxPrincipalLength} characters at most, which KMS takes in grants.");
}
