using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Patterns of actions that allow more than they say.</summary>
internal static class WildcardActions
{
    // Those that AWS's own default key policy has for the users of a key: each stands for variants of one operation.
    private static readonly string[] OfKeyUsers = ["kms:ReEncrypt*", "kms:GenerateDataKey*"];

    /// <summary>Every action of KMS.</summary>
    public static LintRule All { get; } = new(
        "KMS103", "all-actions", LintSeverity.Warning,
        "All actions of KMS are allowed to somebody else than the key's own account: administration, use, and whatever KMS learns to do later. List the actions.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/least-privilege.html");

    /// <summary>Some actions by a pattern.</summary>
    public static LintRule Partial { get; } = new(
        "KMS104", "partial-wildcard", LintSeverity.Note,
        "A pattern of actions also allows those that KMS learns to do later. List the actions.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/least-privilege.html");

    /// <summary>Looks at statements that allow.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        foreach (var statement in policy.Allows)
        {
            if (statement.IsNotAction)
            {
                yield return new PolicyFinding(All, statement.Index, "NotAction", $"{statement.Name} allows everything but {string.Join(", ", statement.Actions)}");
                continue;
            }

            if (statement.Actions.Any(action => action is "*" || action.Equals("kms:*", StringComparison.OrdinalIgnoreCase)))
            {
                if (!policy.IsOwnAccount(statement))
                {
                    yield return new PolicyFinding(All, statement.Index, "Action", $"{statement.Name} allows all actions of KMS to {Names(statement)}");
                }

                continue;
            }

            string[] patterns = [.. statement.Actions.Where(action => action.AsSpan().ContainsAny('*', '?') && !OfKeyUsers.Contains(action, StringComparer.OrdinalIgnoreCase))];
            if (patterns.Length > 0)
            {
                yield return new PolicyFinding(Partial, statement.Index, "Action", $"{statement.Name} allows actions by pattern: {string.Join(", ", patterns)}");
            }
        }
    }

    private static string Names(PolicyStatement statement) => statement.Principals.IsNot ? "everybody but those whom NotPrincipal names"
        : string.Join(", ", statement.Principals.Aws.Concat(statement.Principals.Services).Concat(statement.Principals.Others));
}
