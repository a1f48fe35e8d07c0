using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies.Evaluation;

/// <summary>Who makes a request.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its ARN, or the name of a service.</param>
/// <param name="AccountId">Its account; null for a service.</param>
public sealed partial record AccessCaller(CallerKind Kind, string Name, string? AccountId)
{
    /// <summary>Reads a caller: an ARN, an account id, a service principal, or the name of a role.</summary>
    /// <param name="text">What a person wrote.</param>
    /// <param name="partition">Partition of names that do not say theirs.</param>
    /// <param name="accountId">Account of names that do not say theirs.</param>
    /// <param name="caller">The caller.</param>
    public static bool TryParse(string text, string partition, string accountId, [NotNullWhen(true)] out AccessCaller? caller)
    {
        var arn = StatementPrincipals.AccountOf(text) is { } whole && !text.StartsWith("arn:", StringComparison.Ordinal) ? $"arn:{partition}:iam::{whole}:root"
            : ServiceName().IsMatch(text) ? null
            : PrincipalName.TryResolve(text, partition, accountId, out var resolved) ? resolved
            : "";
        caller = arn switch
        {
            null => new AccessCaller(CallerKind.Service, text, null),
            "" => null,
            _ => new AccessCaller(KindOf(arn), arn, arn.Split(':')[4]),
        };
        return caller is not null;
    }

    /// <summary>Whether an AWS principal of a policy is certainly this caller. A role includes its sessions.</summary>
    public bool Is(string principal) =>
        principal == Name || (Kind == CallerKind.Session && KindOf(principal) == CallerKind.Role && RoleOf(principal) == RoleOf(Name));

    /// <summary>Whether an AWS principal of a policy is this caller in some of its sessions.</summary>
    public bool MayBe(string principal) => Kind == CallerKind.Role && KindOf(principal) == CallerKind.Session && RoleOf(principal) == RoleOf(Name);

    private static CallerKind KindOf(string arn) => arn.Split(':', 6) is [_, _, _, _, _, var resource]
        ? resource.Split('/')[0] switch
        {
            "role" => CallerKind.Role,
            "user" => CallerKind.User,
            "assumed-role" => CallerKind.Session,
            "federated-user" => CallerKind.FederatedUser,
            _ => CallerKind.Account,
        }
        : CallerKind.Account;

    /// <summary>Account and name of a role or of a session's role. A session's ARN leaves out the role's path; names are unique in an account.</summary>
    private static (string Account, string Role) RoleOf(string arn)
    {
        var parts = arn.Split(':', 6);
        var resource = parts[5].Split('/');
        return (parts[4], resource[0] == "role" ? resource[^1] : resource[1]);
    }

    [GeneratedRegex(@"^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$", RegexOptions.ExplicitCapture)]
    private static partial Regex ServiceName();
}

/// <summary>Kinds of callers.</summary>
public enum CallerKind
{
    /// <summary>A role, in any of its sessions.</summary>
    Role,

    /// <summary>An IAM user.</summary>
    User,

    /// <summary>One session of a role.</summary>
    Session,

    /// <summary>A user of GetFederationToken.</summary>
    FederatedUser,

    /// <summary>The root user of an account.</summary>
    Account,

    /// <summary>An AWS service that calls as itself.</summary>
    Service,
}
