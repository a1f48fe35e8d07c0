using KmsOperator.Policies.Linting.Rules;

namespace KmsOperator.Policies.Linting;

/// <summary>Looks for what is dangerous, without effect or misspelled in a key policy that KMS would take.</summary>
public static class PolicyLinter
{
    private static readonly (IReadOnlyList<LintRule> Rules, Func<LintedPolicy, IEnumerable<PolicyFinding>> Check)[] All =
    [
        ([PublicPrincipal.Rule, PublicPrincipal.ChosenByCaller], PublicPrincipal.Check),
        ([WildcardActions.All, WildcardActions.Partial], WildcardActions.Check),
        ([Administration.OnlyRoot, Administration.Lockout], Administration.Check),
        ([GrantsForServices.Rule], GrantsForServices.Check),
        ([ServiceSources.Rule], ServiceSources.Check),
        ([NoEffect.Rule], NoEffect.Check),
        ([Spelling.Action, Spelling.ConditionKey], Spelling.Check),
        ([PrincipalSpelling.Rule], PrincipalSpelling.Check),
        ([UntrustedAccounts.Rule], UntrustedAccounts.Check),
    ];

    /// <summary>Every rule, in the order of the ids.</summary>
    public static IReadOnlyList<LintRule> Rules { get; } = [.. All.SelectMany(one => one.Rules).OrderBy(rule => rule.Id, StringComparer.Ordinal)];

    /// <summary>What the rules find, in the order of the statements.</summary>
    public static IReadOnlyList<PolicyFinding> Lint(LintedPolicy policy) =>
        [.. All.SelectMany(one => one.Check(policy)).OrderBy(finding => finding.Statement ?? -1).ThenBy(finding => finding.Rule.Id, StringComparer.Ordinal)];
}
