using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>Principals as <c>access</c> names them: a role name, with a path if it has one, or a principal ARN.</summary>
public static partial class PrincipalName
{
    /// <summary>
    /// The principal's ARN. A bare name means a role in the key's own account; ARNs of roles, users, assumed-role sessions and
    /// account roots stand for themselves.
    /// </summary>
    /// <param name="name">What the resource says.</param>
    /// <param name="partition">Partition of the key.</param>
    /// <param name="accountId">Account of the key.</param>
    /// <param name="arn">The ARN.</param>
    /// <returns>False for anything else: account ids, wildcards, groups, service principals.</returns>
    /// <remarks>Source: IAM user guide, "IAM identifiers", "AWS JSON policy elements: Principal".</remarks>
    public static bool TryResolve(string name, string partition, string accountId, [NotNullWhen(true)] out string? arn)
    {
        arn = name.StartsWith("arn:", StringComparison.Ordinal)
            ? PrincipalArn().IsMatch(name) ? name : null
            : RoleName().IsMatch(name) && !AccountId().IsMatch(name) ? $"arn:{partition}:iam::{accountId}:role/{name}" : null;
        return arn is not null;
    }

    [GeneratedRegex(@"^([\w+=,.@-]{1,128}/){0,8}[\w+=,.@-]{1,64}$", RegexOptions.ECMAScript)]
    private static partial Regex RoleName();

    [GeneratedRegex("^[0-9]{12}$")]
    private static partial Regex AccountId();

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:(iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]{1,576})|sts::[0-9]{12}:(assumed-role|federated-user)/[\w+=,.@/-]{1,576})$", RegexOptions.ECMAScript)]
    private static partial Regex PrincipalArn();
}
