using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting;

/// <summary>Which conditions bound who may use a statement that is about everybody.</summary>
/// <remarks>Source: AWS KMS developer guide, "AWS KMS condition keys"; IAM user guide, "AWS global condition context keys".</remarks>
internal static class Bounds
{
    // Set by AWS from who calls, from where or for which resource: nobody outside can choose them.
    private static readonly string[] OfIdentity =
    [
        "kms:CallerAccount", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid", "aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID",
        "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:SourceIp", "aws:PrincipalServiceName",
    ];

    // Parameters of the request: whoever calls writes what fits.
    private static readonly string[] OfRequest =
    [
        "kms:EncryptionContextKeys", "kms:EncryptionAlgorithm", "kms:RequestAlias", "kms:GrantOperations", "kms:GrantConstraintType", "kms:GranteePrincipal", "kms:GranteeServicePrincipal",
        "kms:RetiringPrincipal", "kms:RetiringServicePrincipal", "kms:SigningAlgorithm", "kms:MacAlgorithm", "kms:MessageType", "kms:DataKeyPairSpec", "kms:KeyAgreementAlgorithm",
        "kms:ReEncryptOnSameKey", "aws:UserAgent", "aws:Referer", "aws:TagKeys", "aws:SecureTransport", "aws:RequestedRegion",
    ];

    /// <summary>Whether a condition keeps all but certain callers out.</summary>
    public static bool IsEffective(StatementCondition condition) =>
        OfIdentity.Contains(condition.Key, StringComparer.OrdinalIgnoreCase) && Restricts(condition) && condition.Values.All(NamesSomething);

    /// <summary>Whether the value is one that the caller chooses.</summary>
    public static bool IsChosenByCaller(StatementCondition condition) =>
        ConditionKeys.IsBelow(condition.Key, ConditionKeys.EncryptionContext) || OfRequest.Contains(condition.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a condition fails for a request without the key, and for one with another value.</summary>
    public static bool Restricts(StatementCondition condition) =>
        condition.Operator is { IsNegated: false, IfExists: false, Set: not SetOperator.ForAllValues, Name: not "Null" } && condition.Values.Count > 0;

    /// <summary>Whether a pattern leaves anything out: one of stars and separators alone does not.</summary>
    public static bool NamesSomething(string value) => value.Any(c => c is not ('*' or '?' or ':' or '/'))
        && !(value.StartsWith("arn:", StringComparison.Ordinal) && value.Split(':', 6) is [_, _, _, _, "*" or "", var resource] && resource.All(c => c is '*' or '?' or '/'))
        && value is not ("0.0.0.0/0" or "::/0");
}
