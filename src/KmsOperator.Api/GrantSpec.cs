namespace KmsOperator.Api;

/// <summary>One of <c>spec.grants</c>: a KMS grant on the key. KMS cannot change a grant, so a changed one is made anew and the old one is revoked.</summary>
/// <remarks>Source: AWS KMS API reference, CreateGrant.</remarks>
public sealed record GrantSpec
{
    /// <summary>Tells the grant from the resource's others; 1 to 200 characters.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Who gets the operations: the ARN of a principal, or the name of a role in the key's account. Either this or <see cref="GranteeServicePrincipal"/>.</summary>
    public string? GranteePrincipal { get; init; }

    /// <summary>The service that gets the operations, for example <c>airflow.eu-west-1.amazonaws.com</c>. Needs <see cref="SourceArn"/>.</summary>
    public string? GranteeServicePrincipal { get; init; }

    /// <summary>The resource for which the service may use the grant.</summary>
    public string? SourceArn { get; init; }

    /// <summary>What the grantee may do, in KMS's words for grants; at least one.</summary>
    public IReadOnlyList<string> Operations { get; init => field = value ?? []; } = [];

    /// <summary>The encryption context that a request must have, exactly. For symmetric encryption keys.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; init; }

    /// <summary>Pairs that the encryption context of a request must have among others. For symmetric encryption keys.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; init; }

    /// <summary>Who may retire the grant. By default nobody; where the grantee is a service, for which KMS wants somebody, that service.</summary>
    public string? RetiringPrincipal { get; init; }
}

/// <summary>One grant in the status, as KMS lists it.</summary>
public sealed record GrantStatus
{
    /// <summary>The name of the grant in the spec.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>KMS's id of the grant.</summary>
    public string? GrantId { get; init; }

    /// <summary>Who has it, where that is a principal.</summary>
    public string? GranteePrincipal { get; init; }

    /// <summary>Which service has it, where it is one.</summary>
    public string? GranteeServicePrincipal { get; init; }

    /// <summary>What the grantee may do.</summary>
    public IReadOnlyList<string>? Operations { get; init; }

    /// <summary>True for a grant that others made; the operator never revokes it. Absent for one that the operator made.</summary>
    public bool? Foreign { get; init; }
}
