using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Who can change the policy again.</summary>
internal static class Administration
{
    private const string Put = "kms:PutKeyPolicy";

    /// <summary>Nobody is named as administrator.</summary>
    public static LintRule OnlyRoot { get; } = new(
        "KMS105", "only-root-administers", LintSeverity.Note,
        "The key policy names nobody who may change it, but the account: every principal whom IAM allows kms:PutKeyPolicy administers the key. Name administrators if that should be fewer.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html");

    /// <summary>Nobody is left.</summary>
    public static LintRule Lockout { get; } = new(
        "KMS106", "lockout", LintSeverity.Error,
        "No principal of the key's account can change the policy again; only AWS Support could help. Allow kms:PutKeyPolicy, for example kms:* for the account's root.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key");

    /// <summary>Looks at the whole policy.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        var may = policy.Allows.Where(statement => statement.CoversAction(Put) && IsForOwn(statement, policy.AccountId)).ToArray();
        var denial = policy.Statements.FirstOrDefault(statement => !statement.IsAllow && statement.CoversAction(Put) && statement.Conditions.Count == 0
            && (statement.Principals.IncludesEverybody || statement.Principals.Aws.Any(name => StatementPrincipals.AccountOf(name) == policy.AccountId)));
        if (may.Length == 0 || denial is { Principals.IsNot: false })
        {
            yield return new PolicyFinding(
                Lockout, denial?.Index, denial is null ? null : "Action",
                denial is null ? $"no statement lets a principal of account {policy.AccountId} call {Put}" : $"{denial.Name} denies {Put} to every principal of account {policy.AccountId}");
        }
        else if (may.All(policy.IsOwnAccount))
        {
            yield return new PolicyFinding(OnlyRoot, may[0].Index, "Principal", $"nobody but account {policy.AccountId} as a whole may call {Put} ({may[0].Name})");
        }
    }

    private static bool IsForOwn(PolicyStatement statement, string accountId) => statement.Principals.IsNot
        || statement.Principals.Aws.Any(name => name == StatementPrincipals.Everybody || StatementPrincipals.AccountOf(name) == accountId || name.Contains($"::{accountId}:", StringComparison.Ordinal));
}
