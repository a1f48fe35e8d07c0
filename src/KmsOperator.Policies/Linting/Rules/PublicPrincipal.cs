using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Statements for everybody that nothing keeps strangers from.</summary>
internal static class PublicPrincipal
{
    /// <summary>No condition says who.</summary>
    public static LintRule Rule { get; } = new(
        "KMS101", "public-principal", LintSeverity.Error,
        "The statement is for everybody, and no condition keeps other accounts out. Name principals, or add kms:CallerAccount or aws:PrincipalOrgID.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html");

    /// <summary>The caller writes the value that the condition asks for.</summary>
    public static LintRule ChosenByCaller { get; } = new(
        "KMS102", "caller-chosen-condition", LintSeverity.Error,
        "The statement is for everybody, and its only bound is a value that the caller chooses, such as the encryption context: whoever knows it is let in. Add kms:CallerAccount, or name principals.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context");

    /// <summary>Looks at statements that allow.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        foreach (var statement in policy.Allows.Where(statement => statement.Principals.IncludesEverybody || statement.Principals.IsNot))
        {
            if (statement.Conditions.Any(Bounds.IsEffective))
            {
                continue;
            }

            var who = statement.Principals.IsNot ? "everybody but those whom NotPrincipal names" : "everybody";
            var chosen = statement.Conditions.Where(condition => Bounds.IsChosenByCaller(condition) && Bounds.Restricts(condition)).ToArray();
            var words = statement.Conditions.Count == 0 ? "no condition says who" : $"these conditions do not say who: {ConditionWords.Of(statement.Conditions)}";
            yield return chosen.Length > 0
                ? new PolicyFinding(ChosenByCaller, statement.Index, "Condition", $"{statement.Name} lets in {who} of any account who sends what it asks for: {ConditionWords.Of(chosen)}")
                : new PolicyFinding(Rule, statement.Index, "Principal", $"{statement.Name} lets in {who} of any account: {words}");
        }
    }
}
