using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>What a KeyClass forbids its resources.</summary>
public static class ClassPermissions
{
    /// <summary>The first thing that the class forbids and the spec asks, or null.</summary>
    /// <param name="keyClass">The class.</param>
    /// <param name="access">The resource's own access.</param>
    /// <param name="policy">The resource's own policy.</param>
    /// <param name="adopt">The key that the resource wants to take over.</param>
    /// <param name="takeOverAlias">Whether the resource wants to take an alias from another key.</param>
    /// <param name="grants">The resource's grants, which are additional access.</param>
    public static ReconcileError? FindViolation(
        KeyClass keyClass, AccessSpec? access, PolicySpec? policy, AdoptSpec? adopt = null, bool? takeOverAlias = null, IReadOnlyList<GrantSpec>? grants = null)
    {
        var permissions = keyClass.Spec.Permissions;
        if (permissions?.PolicyOverride == "Deny" && policy?.Override is not null)
        {
            return Denied(keyClass, "policyOverride", "spec.policy.override");
        }

        if (permissions?.Adoption != "Allow" && adopt is not null)
        {
            return Denied(keyClass, "adoption", "spec.adopt");
        }

        if (permissions?.AliasTakeOver != "Allow" && takeOverAlias == true)
        {
            return Denied(keyClass, "aliasTakeOver", "spec.takeOverAlias");
        }

        if (permissions?.AdditionalAccess != "Deny")
        {
            return null;
        }

        var field = FirstGiven(access) ?? (policy?.AdditionalStatements is { Count: > 0 } ? "spec.policy.additionalStatements" : null)
            ?? (grants is { Count: > 0 } ? GrantRules.Field : null);
        return field is null ? null : Denied(keyClass, "additionalAccess", field);
    }

    /// <summary>Whether an access gives anything at all: an empty one is as good as none.</summary>
    public static bool GivesAnything(AccessSpec? access) => FirstGiven(access) is not null;

    /// <summary>Whether somebody else's scheduled deletion may be cancelled.</summary>
    /// <param name="keyClass">The class, which denies it unless it says otherwise.</param>
    /// <param name="deletionPolicy">The resource's own policy; only an explicit <c>Retain</c> says that the key must stay.</param>
    public static bool MayUndelete(KeyClass keyClass, string? deletionPolicy) =>
        deletionPolicy == DeletionPolicies.Retain && keyClass.Spec.Permissions?.Undelete == "Allow";

    private static string? FirstGiven(AccessSpec? access) => access switch
    {
        { Administrators.Count: > 0 } => "spec.access.administrators",
        { Users.Count: > 0 } => "spec.access.users",
        { TrustedAccounts.Count: > 0 } => "spec.access.trustedAccounts",
        { CrossAccountViaService: true } => "spec.access.crossAccountViaService",
        _ => AccessVerbs.Of(access).Where(verb => verb.Names is { Count: > 0 }).Select(verb => $"spec.access.{verb.Verb}").FirstOrDefault(),
    };

    private static ReconcileError Denied(KeyClass keyClass, string permission, string field) => ReconcileError.Terminal(
        Reasons.PermissionDenied,
        $"{field}: KeyClass {keyClass.Metadata.Name} denies it (permissions.{permission}: Deny). Remove the field, or use another class.");
}
