namespace KmsOperator.Aws;

/// <summary>The session name with which the operator assumes roles. CloudTrail shows it.</summary>
public static class RoleSessionName
{
    private const int MaxLength = 64;

    /// <summary>Returns <c>kms-operator-{clusterId}</c>, 64 characters at most. Characters that STS refuses become hyphens.</summary>
    /// <remarks>Source: AWS STS API reference, AssumeRole, RoleSessionName <c>[\w+=,.@-]*</c>.</remarks>
    public static string ForCluster(string clusterId)
    {
        var name = string.Concat(("kms-operator-" + clusterId).Select(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c) ? c : '-'));
        return name.Length <= MaxLength ? name : name[..MaxLength];
    }
}
