namespace KmsOperator.Aws;

/// <summary>The session name under which the operator assumes roles, as CloudTrail shows it.</summary>
public static class RoleSessionName
{
    private const int MaxLength = 64;

    /// <summary><c>kms-operator-{clusterId}</c>, with characters that STS refuses replaced, 64 at most.</summary>
    /// <remarks>Source: AWS STS API reference, AssumeRole, RoleSessionName <c>[\w+=,.@-]*</c>.</remarks>
    public static string ForCluster(string clusterId)
    {
        var name = string.Concat(("kms-operator-" + clusterId).Select(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c) ? c : '-'));
        return name.Length <= MaxLength ? name : name[..MaxLength];
    }
}
