namespace KmsOperator.Planning;

/// <summary>A grant as KMS lists it.</summary>
/// <param name="Id">KMS's id of it; null before KMS has given one.</param>
/// <param name="KmsName">Its name; empty for grants without one.</param>
/// <param name="Operations">What the grantee may do, in ordinal order.</param>
public sealed record ObservedGrant(string? Id, string KmsName, IReadOnlyList<string> Operations)
{
    /// <summary>The grantee, where KMS shows a principal.</summary>
    public string? GranteePrincipal { get; init; }

    /// <summary>The grantee, where KMS shows a service.</summary>
    public string? GranteeServicePrincipal { get; init; }

    /// <summary>When it was made, where KMS says so.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>Whether the operator made it.</summary>
    public bool IsOwn => GrantName.IsOwn(KmsName);

    /// <summary><c>Decrypt, Encrypt for arn:…</c>, for people.</summary>
    public override string ToString() => $"{string.Join(", ", Operations)} for {GranteePrincipal ?? GranteeServicePrincipal}";

    /// <summary>What KMS will list of a grant that was just made.</summary>
    /// <param name="grant">What was asked for.</param>
    /// <param name="id">The id that KMS gave it.</param>
    public static ObservedGrant Of(DesiredGrant grant, string? id) => new(id, grant.KmsName, grant.Operations)
    {
        GranteePrincipal = grant.GranteePrincipal,
        GranteeServicePrincipal = grant.GranteeServicePrincipal,
    };
}
