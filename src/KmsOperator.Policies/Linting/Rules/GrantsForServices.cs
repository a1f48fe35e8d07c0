namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Permission to make any grant, which is permission to give the key to others.</summary>
internal static class GrantsForServices
{
    private const string Create = "kms:CreateGrant";

    // Each says that a service asks for the grant, or whom and for what it may be.
    private static readonly string[] Bounding =
        ["kms:GrantIsForAWSResource", "kms:ViaService", "kms:GranteePrincipal", "kms:GranteeServicePrincipal", "kms:GrantOperations", "kms:GrantConstraintSourceArn"];

    /// <summary>The rule.</summary>
    public static LintRule Rule { get; } = new(
        "KMS107", "unbounded-grants", LintSeverity.Warning,
        "Whoever may call kms:CreateGrant without a bound can give the use of the key to anybody. Add the condition kms:GrantIsForAWSResource true, or kms:ViaService, or say to whom and for what.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/grant-authorization.html");

    /// <summary>Looks at statements that allow; the account as a whole is left to IAM.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy) => policy.Allows
        .Where(statement => statement.CoversAction(Create) && !policy.IsOwnAccount(statement)
            && !statement.Conditions.Any(condition => Bounding.Contains(condition.Key, StringComparer.OrdinalIgnoreCase)))
        .Select(statement =>
        {
            var pattern = statement.IsNotAction ? null : statement.Actions.FirstOrDefault(action => Evaluation.WildcardPattern.IsMatch(action, Create, ignoreCase: true));
            return new PolicyFinding(Rule, statement.Index, "Action", $"{statement.Name} allows {Create}{(pattern is null or Create ? "" : $" (by {pattern})")} without kms:GrantIsForAWSResource");
        });
}
