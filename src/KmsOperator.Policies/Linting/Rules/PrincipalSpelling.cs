using System.Text.RegularExpressions;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Policies.Linting.Rules;

/// <summary>Principals that cannot be what was meant.</summary>
internal static partial class PrincipalSpelling
{
    private static readonly string[] ResourceTypes = ["role", "user", "root", "assumed-role", "federated-user"];

    private static readonly string[] Suffixes = ["amazonaws.com", "amazonaws.com.cn"];

    /// <summary>The rule.</summary>
    public static LintRule Rule { get; } = new(
        "KMS112", "principal-spelling", LintSeverity.Error,
        "The principal has not the form of one, or is of another partition. KMS refuses the whole policy.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html");

    /// <summary>Looks at every principal.</summary>
    public static IEnumerable<PolicyFinding> Check(LintedPolicy policy)
    {
        var partition = Partition.OfRegion(policy.Region);
        foreach (var statement in policy.Statements)
        {
            var element = statement.Principals.IsNot ? "NotPrincipal" : "Principal";
            foreach (var (type, name, problem) in statement.Principals.Aws.Select(name => ("AWS", name, ProblemOf(name, partition)))
                .Concat(statement.Principals.Services.Select(name => ("Service", name, ProblemOfService(name)))))
            {
                if (problem is not null)
                {
                    yield return new PolicyFinding(Rule, statement.Index, $"{element}.{type}", $"{statement.Name}: \"{name}\" {problem}");
                }
            }
        }
    }

    private static string? ProblemOf(string name, string partition)
    {
        if (name == StatementPrincipals.Everybody || StatementPrincipals.AccountOf(name) == name)
        {
            return null;
        }

        if (name.StartsWith("arn:", StringComparison.Ordinal) && PrincipalName.TryResolve(name, partition, "", out _))
        {
            return Partition.OfArn(name) == partition ? null : $"is of partition {Partition.OfArn(name)}, the key of {partition}";
        }

        return name.Contains(".amazonaws.com", StringComparison.Ordinal) ? "is a service; it belongs under Service"
            : UniqueId().IsMatch(name) ? "is the id of a principal that was deleted; name the principal that is there now"
            : name.All(char.IsAsciiDigit) ? $"is not an account id: it has {name.Length} digits in place of 12"
            : !name.StartsWith("arn:", StringComparison.Ordinal) ? "is neither an ARN nor an account id"
            : $"is not the ARN of a role, a user, a session or an account's root{Hint(name)}";
    }

    private static string Hint(string arn)
    {
        var parts = arn.Split(':');
        return parts.Length == 5 && parts[2] is "iam" or "sts" ? $"; an ARN of {parts[2]} has two colons before the account: arn:{parts[1]}:{parts[2]}::…"
            : parts.Length < 6 ? ""
            : parts[4].Length != 12 ? $"; \"{parts[4]}\" is not an account id of 12 digits"
            : parts[5].StartsWith("group/", StringComparison.Ordinal) ? "; a group is no principal, name its users or a role"
            : Suggestion.For(parts[5].Split('/')[0], ResourceTypes);
    }

    private static string? ProblemOfService(string name)
    {
        if (AccessCaller.TryParse(name, "aws", "", out var caller) && caller.Kind == CallerKind.Service)
        {
            return null;
        }

        // The first label is the service, perhaps followed by the Region; the end is the same for all.
        var suffix = name.Split('.') is { Length: > 2 } labels ? string.Join('.', labels[^2..]) : name;
        return $"is not a service principal, such as s3.amazonaws.com{Suggestion.For(suffix, Suffixes)}";
    }

    [GeneratedRegex("^(AROA|AIDA)[A-Z0-9]{8,}$")]
    private static partial Regex UniqueId();
}
