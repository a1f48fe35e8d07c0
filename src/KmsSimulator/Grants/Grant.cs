using System.Collections.Immutable;

namespace KmsSimulator.Grants;

/// <summary>A grant on a key.</summary>
internal sealed record Grant
{
    /// <summary>64 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>The key, in the same account and Region.</summary>
    public required string KeyId { get; init; }

    /// <summary>Makes CreateGrant idempotent.</summary>
    public required string? Name { get; init; }

    public required DateTimeOffset CreationDate { get; init; }

    /// <summary>Who may use the key; null when a service may.</summary>
    public required string? GranteePrincipal { get; init; }

    /// <summary>The service that may use it.</summary>
    public required string? GranteeService { get; init; }

    /// <summary>Who may retire the grant.</summary>
    public required string? RetiringPrincipal { get; init; }

    /// <summary>The service that may retire it.</summary>
    public required string? RetiringService { get; init; }

    /// <summary>Root ARN of the account that made it.</summary>
    public required string IssuingAccount { get; init; }

    /// <summary>What the grantee may do.</summary>
    public required ImmutableArray<string> Operations { get; init; }

    /// <summary>What a request must have to be permitted; null for nothing.</summary>
    public required GrantConstraints? Constraints { get; init; }

    /// <summary>Whether CreateGrant with these would make the same grant.</summary>
    public bool IsSameAs(Grant other) =>
        Name is not null && Name == other.Name && GranteePrincipal == other.GranteePrincipal && RetiringPrincipal == other.RetiringPrincipal
        && GranteeService == other.GranteeService && RetiringService == other.RetiringService
        && Constraints?.Text == other.Constraints?.Text && Operations.ToHashSet().SetEquals(other.Operations);
}
