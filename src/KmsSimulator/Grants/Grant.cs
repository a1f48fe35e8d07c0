using System.Collections.Immutable;

namespace KmsSimulator.Grants;

/// <summary>A grant on a key. Grants are visible at once, whatever the consistency delay.</summary>
/// <param name="Id">64 hex digits.</param>
/// <param name="KeyId">The key, in the same account and Region.</param>
/// <param name="Name">Makes CreateGrant idempotent.</param>
/// <param name="CreationDate">When it was made.</param>
/// <param name="GranteePrincipal">Who may use the key.</param>
/// <param name="RetiringPrincipal">Who may retire it.</param>
/// <param name="IssuingAccount">Root ARN of the account that made it.</param>
/// <param name="Operations">What the grantee may do.</param>
/// <param name="Constraints">JSON of the constraints with sorted names; null for none.</param>
internal sealed record Grant(
    string Id,
    string KeyId,
    string? Name,
    DateTimeOffset CreationDate,
    string GranteePrincipal,
    string? RetiringPrincipal,
    string IssuingAccount,
    ImmutableArray<string> Operations,
    string? Constraints)
{
    /// <summary>Whether CreateGrant with these would make the same grant.</summary>
    public bool IsSameAs(Grant other) =>
        Name is not null && Name == other.Name && GranteePrincipal == other.GranteePrincipal && RetiringPrincipal == other.RetiringPrincipal
        && Constraints == other.Constraints && Operations.ToHashSet().SetEquals(other.Operations);
}
