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

    /// <summary>Who may retire it, where KMS shows a principal.</summary>
    public string? RetiringPrincipal { get; init; }

    /// <summary>Who may retire it, where KMS shows a service.</summary>
    public string? RetiringServicePrincipal { get; init; }

    /// <summary>The resource for which a service may use it.</summary>
    public string? SourceArn { get; init; }

    /// <summary>The encryption context that a request must have; null for any.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; init; }

    /// <summary>Pairs that the encryption context of a request must have; null for none.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; init; }

    /// <summary>When it was made, where KMS says so.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <summary>Whether the operator made it.</summary>
    public bool IsOwn => GrantName.IsOwn(KmsName);

    /// <summary>
    /// Whether it means exactly what a wanted grant means: who gets it, what for, under which constraints, and who may retire it. Its name means nothing. Where KMS shows something otherwise than
    /// it was asked for, for example the unique id of a role that was deleted, the two are not the same.
    /// </summary>
    /// <param name="wanted">The wanted grant.</param>
    public bool MeansTheSameAs(DesiredGrant wanted) =>
        GranteePrincipal == wanted.GranteePrincipal && GranteeServicePrincipal == wanted.GranteeServicePrincipal && SourceArn == wanted.SourceArn
        && RetiringPrincipal == wanted.RetiringPrincipal && RetiringServicePrincipal == wanted.RetiringServicePrincipal
        && Operations.ToHashSet(StringComparer.Ordinal).SetEquals(wanted.Operations)
        && AreSame(EncryptionContextEquals, wanted.EncryptionContextEquals) && AreSame(EncryptionContextSubset, wanted.EncryptionContextSubset);

    /// <summary><c>Decrypt, Encrypt for arn:…</c>, for people.</summary>
    public override string ToString() => $"{string.Join(", ", Operations)} for {GranteePrincipal ?? GranteeServicePrincipal}";

    /// <summary>What KMS will list of a grant that was just made.</summary>
    /// <param name="grant">What was asked for.</param>
    /// <param name="id">The id that KMS gave it.</param>
    public static ObservedGrant Of(DesiredGrant grant, string? id) => new(id, grant.KmsName, grant.Operations)
    {
        GranteePrincipal = grant.GranteePrincipal,
        GranteeServicePrincipal = grant.GranteeServicePrincipal,
        RetiringPrincipal = grant.RetiringPrincipal,
        RetiringServicePrincipal = grant.RetiringServicePrincipal,
        SourceArn = grant.SourceArn,
        EncryptionContextEquals = grant.EncryptionContextEquals,
        EncryptionContextSubset = grant.EncryptionContextSubset,
    };

    /// <summary>No pairs are no constraint.</summary>
    private static bool AreSame(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0) && (left is null || left.All(pair => right!.TryGetValue(pair.Key, out var value) && value == pair.Value));
}
