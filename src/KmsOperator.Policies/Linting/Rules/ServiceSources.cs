using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Services that call as themselves, for whomever.</summary>
internal static class ServiceSources
{
    private static readonly string[] Sources = ["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"];

    /// <summary>The rule.</summary>
    public static LintRule Rule { get; } = new(
        "KMS108", "service-without-source", LintSeverity.Warning,
        "The service uses the key for whoever made it do so, also in other accounts (confused deputy). Add aws:SourceAccount or aws:SourceArn. A few services do not send them, such as EventBridge to encrypted topics: suppress the finding there.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html");

    /// <summary>Looks at statements that allow services.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy) => policy.Allows
        .Where(statement => statement.Principals is { IsNot: false, Services.Count: > 0 } && !statement.Conditions.Any(condition => SaysSource(condition, policy.AccountId)))
        .Select(statement => new PolicyFinding(
            Rule, statement.Index, "Principal", $"{statement.Name} lets {string.Join(", ", statement.Principals.Services)} use the key for any account: there is no aws:SourceAccount, aws:SourceArn or aws:SourceOrgID"));

    /// <summary>The encryption context of a service is its own; where it names a resource with its account, it says the source.</summary>
    private static bool SaysSource(StatementCondition condition, string accountId) => Bounds.Restricts(condition)
        && (Sources.Contains(condition.Key, StringComparer.OrdinalIgnoreCase) && condition.Values.All(Bounds.NamesSomething)
            || (ConditionKeys.IsBelow(condition.Key, ConditionKeys.EncryptionContext) && condition.Values.All(value => value.Contains(accountId, StringComparison.Ordinal))));
}
