using System.Text.RegularExpressions;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>The forms that a principal of a key policy may have.</summary>
/// <remarks>Source: AWS IAM user guide, "AWS JSON policy elements: Principal".</remarks>
internal static partial class PolicyPrincipal
{
    /// <summary>Whether an AWS principal is well-formed. Groups, partial wildcards and unique ids are not.</summary>
    public static bool IsAws(string name, string partition) =>
        name == "*" || Account().IsMatch(name)
        || (name.StartsWith($"arn:{partition}:", StringComparison.Ordinal) && (Iam().IsMatch(name) || Sts().IsMatch(name)));

    /// <summary>
    /// Whether an AWS principal of a policy stands for a caller. An account stands for every principal of it that IAM allows; the simulator's IAM
    /// allows all.
    /// </summary>
    public static bool Includes(string principal, Caller caller) =>
        principal == "*"
        || (caller.Service is null
            && (principal == caller.PrincipalArn || principal == caller.Arn || principal == caller.AccountId
                || (IsRoot(principal, out var account) && account == caller.AccountId)));

    /// <summary>Whether a name has the form of a service's.</summary>
    public static bool IsService(string name) => Service().IsMatch(name);

    /// <summary>Whether it is a role or a user: what may or may not exist.</summary>
    public static bool IsRoleOrUser(string name) => RoleOrUser().IsMatch(name);

    /// <summary>Whether it is a session of a role, and of which: the ARN has the role's name without its path.</summary>
    public static bool IsSession(string name, out string account, out string role)
    {
        var match = Session().Match(name);
        (account, role) = (match.Groups["account"].Value, match.Groups["role"].Value);
        return match.Success;
    }

    /// <summary>Whether it stands for a whole account, by ARN.</summary>
    public static bool IsRoot(string name, out string account)
    {
        var match = Root().Match(name);
        account = match.Groups["account"].Value;
        return match.Success;
    }

    /// <summary>Whether it stands for a whole account, by id.</summary>
    public static bool IsAccountId(string name) => Account().IsMatch(name);

    /// <summary>Whether it is the ARN of a resource as grants take it: of whatever service, with an account, 20 to 512 characters.</summary>
    public static bool IsSourceArn(string text) => text.Length is >= 20 and <= 512 && SourceArn().IsMatch(text);

    [GeneratedRegex(@"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex SourceArn();

    [GeneratedRegex(@"^[0-9]{12}\z")]
    private static partial Regex Account();

    [GeneratedRegex(@"^arn:aws[a-z-]*:iam::(?<account>[0-9]{12}):root\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Root();

    [GeneratedRegex(@"^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Iam();

    [GeneratedRegex(@"^arn:aws[a-z-]*:sts::[0-9]{12}:(assumed-role/[\w+=,.@-]+|federated-user)/[\w+=,.@-]+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Sts();

    [GeneratedRegex(
        @"^arn:aws[a-z-]*:sts::(?<account>[0-9]{12}):assumed-role/(?<role>[\w+=,.@-]+)/[\w+=,.@-]+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Session();

    [GeneratedRegex(@"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex RoleOrUser();

    [GeneratedRegex(@"^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Service();
}
