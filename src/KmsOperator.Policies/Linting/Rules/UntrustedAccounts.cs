using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Accounts that the policy lets in although nobody said that they are trusted.</summary>
internal static class UntrustedAccounts
{
    private static readonly string[] AccountKeys = ["kms:CallerAccount", "aws:PrincipalAccount"];

    /// <summary>The rule.</summary>
    public static LintRule Rule { get; } = new(
        "KMS113", "untrusted-account", LintSeverity.Warning,
        "The statement lets in an account that is neither the key's own nor in trustedAccounts of the class or the resource. Add it there if it is meant, so that everybody sees it.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html");

    /// <summary>Looks at statements that allow.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        foreach (var statement in policy.Allows.Where(statement => !statement.Principals.IsNot))
        {
            var named = statement.Principals.Aws.Select(name => StatementPrincipals.AccountOf(name) ?? (name.Split(':') is { Length: > 5 } arn ? arn[4] : null)).OfType<string>();
            var byCondition = statement.Principals.IncludesEverybody
                ? statement.Conditions.Where(condition => AccountKeys.Contains(condition.Key, StringComparer.OrdinalIgnoreCase) && condition.Operator is { IsNegated: false }).SelectMany(condition => condition.Values)
                : [];
            var strangers = named.Concat(byCondition)
                .Where(account => account.Length == 12 && account.All(char.IsAsciiDigit) && account != policy.AccountId && !policy.TrustedAccounts.Contains(account))
                .Distinct(StringComparer.Ordinal).ToArray();
            if (strangers.Length > 0)
            {
                yield return new PolicyFinding(Rule, statement.Index, "Principal", $"{statement.Name} lets in account {string.Join(", ", strangers)}, which is not in trustedAccounts");
            }
        }
    }
}
