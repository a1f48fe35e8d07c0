namespace KmsOperator.Planning;

/// <summary>
/// The names that the operator's grants have in KMS: <c>servicekey-dev:{name in the spec}:{hash of the content}</c>. The beginning tells them from grants
/// that others made, also after the status of a resource was lost. The hash tells whether a grant is the one that the spec describes: what ListGrants
/// shows of a grant may differ from what was asked for. The whole makes CreateGrant idempotent.
/// </summary>
/// <remarks>Source: AWS KMS API reference, CreateGrant, Name; GrantListEntry, GranteePrincipal.</remarks>
public static class GrantName
{
    // KMS takes no dot in it.
    private const string Prefix = "servicekey-dev:";
    private const int HashLength = 16;

    /// <summary>The name in KMS.</summary>
    /// <param name="name">The name in the spec.</param>
    /// <param name="contentSha256">Hash of what is in the grant, in hex.</param>
    public static string Of(string name, string contentSha256) => $"{Prefix}{name}:{contentSha256[..HashLength]}";

    /// <summary>Whether the operator made the grant of a name.</summary>
    /// <param name="kmsName">The name in KMS; empty for grants without one.</param>
    public static bool IsOwn(string kmsName) => kmsName.StartsWith(Prefix, StringComparison.Ordinal) && kmsName.Length > Prefix.Length + HashLength;

    /// <summary>The name in the spec, of a grant that the operator made.</summary>
    /// <param name="kmsName">The name in KMS.</param>
    public static string InSpec(string kmsName) => kmsName[Prefix.Length..^(HashLength + 1)];
}
