using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Actions and condition keys that AWS does not have.</summary>
internal static class Spelling
{
    // Keys of other services and of identity providers that a session may carry.
    private static readonly string[] OthersPrefixes = ["cognito-identity.amazonaws.com:", "ec2:", "glue:", "iam:", "lambda:", "saml:", "ssm:", "sts:"];

    // Operations that are two actions.
    private static readonly Dictionary<string, string> Split = new(StringComparer.OrdinalIgnoreCase) { ["kms:ReEncrypt"] = "kms:ReEncrypt*" };

    /// <summary>Actions.</summary>
    public static LintRule Action { get; } = new(
        "KMS110", "unknown-action", LintSeverity.Error,
        "KMS has no such action. KMS takes the policy, and the statement does not allow or deny what was meant.",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html");

    /// <summary>Condition keys.</summary>
    public static LintRule ConditionKey { get; } = new(
        "KMS111", "unknown-condition-key", LintSeverity.Error,
        "There is no such condition key. No request has it, so a statement that asks for it never applies, and one that excludes a value always does.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html");

    /// <summary>Looks at every statement.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        foreach (var statement in policy.Statements)
        {
            foreach (var action in statement.Actions.Where(action => !KmsActions.All.Any(known => WildcardPattern.IsMatch(action, known, ignoreCase: true))))
            {
                var suggestion = Split.TryGetValue(action, out var pattern) ? $", did you mean \"{pattern}\"?"
                    : Suggestion.For(action.TrimEnd('*'), KmsActions.All);
                yield return new PolicyFinding(Action, statement.Index, statement.IsNotAction ? "NotAction" : "Action", $"{statement.Name}: KMS has no action \"{action}\"{suggestion}");
            }

            foreach (var condition in statement.Conditions.Where(condition => !IsKnown(condition.Key)))
            {
                yield return new PolicyFinding(
                    ConditionKey, statement.Index, $"Condition.{condition.OperatorText}.{condition.Key}", $"{statement.Name}: there is no condition key \"{condition.Key}\"{SuggestionFor(condition.Key)}");
            }
        }
    }

    private static bool IsKnown(string key) => ConditionKeys.IsKnown(key)
        || OthersPrefixes.Any(prefix => ConditionKeys.IsBelow(key, prefix))
        || (key.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && key[..colon].Contains('.', StringComparison.Ordinal));

    /// <summary>Of a key with a free end, such as <c>aws:PrincipalTag/team</c>, the beginning is compared.</summary>
    private static string SuggestionFor(string key)
    {
        var known = Suggestion.For(key, ConditionKeys.All);
        if (known.Length > 0)
        {
            return known;
        }

        foreach (var prefix in ConditionKeys.FreePrefixes)
        {
            var end = key.LastIndexOfAny([prefix[^1]], Math.Min(key.Length - 1, prefix.Length + 1));
            if (end > 0 && Suggestion.For(key[..(end + 1)], [prefix]) is { Length: > 0 })
            {
                return $", did you mean \"{prefix}{key[(end + 1)..]}\"?";
            }
        }

        return "";
    }
}
