using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Statements that can never apply.</summary>
internal static class NoEffect
{
    /// <summary>The rule.</summary>
    public static LintRule Rule { get; } = new(
        "KMS109", "no-effect", LintSeverity.Warning,
        "The statement never applies: its actions are not for keys of this kind, its conditions cannot hold, or it is about another key. Remove it, or write what was meant.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html");

    /// <summary>Looks at every statement.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy) =>
        policy.Statements.Select(statement => Find(statement, policy) is var (element, message) ? new PolicyFinding(Rule, statement.Index, element, $"{statement.Name} has no effect: {message}") : null)
            .OfType<PolicyFinding>();

    private static (string Element, string Message)? Find(PolicyStatement statement, LintedPolicy policy)
    {
        string[] actions = [.. policy.ActionsOf(statement)];
        if (statement.Actions.Count == 0)
        {
            return ("Action", "it names no action");
        }

        var isThisKey = statement.Resources.Select(KeyArn.Of(policy.Region, policy.AccountId).Fits).Any();
        if (isThisKey == (statement.IsNotResource ? Answer.Yes : Answer.No))
        {
            return ("Resource", $"in a key policy the resource is \"*\", which means the key; {string.Join(", ", statement.Resources)} is not this key");
        }

        // What is misspelled is another rule's.
        if (actions.Length == 0 && KmsActions.All.Any(statement.CoversAction))
        {
            return (statement.IsNotAction ? "NotAction" : "Action", $"{string.Join(", ", statement.Actions)} cannot be done with {(policy.KeySpec is null ? "a key" : $"a key of {policy.KeySpec} for {policy.KeyUsage}")}");
        }

        foreach (var condition in statement.Conditions.Where(Bounds.Restricts))
        {
            if (ConditionKeys.IsKnown(condition.Key) && actions.Length > 0 && !actions.Any(action => ConditionKeys.MayBeIn(condition.Key, action)))
            {
                return ($"Condition.{condition.OperatorText}.{condition.Key}", $"requests of these actions never have {condition.Key}");
            }

            if (condition.Key.Equals("kms:ViaService", StringComparison.OrdinalIgnoreCase) && !condition.HasVariables && condition.Values.All(value => IsElsewhere(value, policy.Region)))
            {
                return ($"Condition.{condition.OperatorText}.{condition.Key}", $"calls through a service have kms:ViaService as service.{policy.Region}.amazonaws.com, not {string.Join(", ", condition.Values)}");
            }
        }

        return null;
    }

    /// <summary>Services call the keys of their own Region only, and are named with it.</summary>
    private static bool IsElsewhere(string value, string region) =>
        !value.AsSpan().ContainsAny('*', '?') && !value.EndsWith($".{region}.amazonaws.com", StringComparison.OrdinalIgnoreCase) && !value.EndsWith($".{region}.amazonaws.com.cn", StringComparison.OrdinalIgnoreCase);
}
