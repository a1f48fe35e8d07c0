using System.Collections.Frozen;
using KmsOperator.Api;

namespace KmsOperator.KeyEvents;

/// <summary>Says whether a call was the operator's own, by the principal that made it.</summary>
/// <remarks>
/// <para>Roles of classes are assumed with a session name that has the cluster's id in it, so a person or another cluster that assumes the same role
/// is somebody else.</para>
/// <para>The operator's own role is the exception: EKS and the SDK choose the session's name, and choose another one for each process. Whoever else
/// has that role is taken for the operator, so it must be the operator's alone.</para>
/// </remarks>
internal sealed class OperatorPrincipals
{
    private readonly FrozenSet<string> _names;

    private OperatorPrincipals(IEnumerable<string> names) => _names = names.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The principals that the operator calls as.</summary>
    /// <param name="ambient">ARN of the operator's own credentials, as STS says it.</param>
    /// <param name="classes">The classes, with the roles that it assumes.</param>
    /// <param name="sessionName">The name of the sessions of these roles.</param>
    public static OperatorPrincipals Of(string ambient, IEnumerable<KeyClass> classes, string sessionName) => new(
        classes.Select(one => one.Spec.Account?.RoleArn).OfType<string>().Distinct().Select(role => SessionOf(role, sessionName)).OfType<string>()
            .Append(RoleOf(ambient) ?? ambient));

    /// <summary>Whether the operator made a call.</summary>
    /// <param name="callerArn">Who made it, by CloudTrail; null for AWS itself.</param>
    public bool Include(string? callerArn) => callerArn is not null && (_names.Contains(callerArn) || (RoleOf(callerArn) is { } role && _names.Contains(role)));

    /// <summary>The ARN of a session of a role: the role's path is not in it.</summary>
    private static string? SessionOf(string roleArn, string sessionName) => roleArn.Split(':', 6) is [_, var partition, "iam", _, var account, var role]
        ? $"arn:{partition}:sts::{account}:assumed-role/{role[(role.LastIndexOf('/') + 1)..]}/{sessionName}"
        : null;

    /// <summary>The ARN of a session without the session's name; null for what is no session.</summary>
    private static string? RoleOf(string arn) => arn.Contains(":assumed-role/", StringComparison.Ordinal) ? arn[..(arn.LastIndexOf('/') + 1)] : null;
}
