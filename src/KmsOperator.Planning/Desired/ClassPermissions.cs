using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>What a KeyClass forbids its resources.</summary>
public static class ClassPermissions
{
    /// <summary>The first thing that the class forbids and the spec asks, or null.</summary>
    /// <param name="keyClass">The class.</param>
    /// <param name="access">The resource's own access.</param>
    /// <param name="policy">The resource's own policy.</param>
    public static Finding? FindViolation(KeyClass keyClass, AccessSpec? access, PolicySpec? policy)
    {
        var permissions = keyClass.Spec.Permissions;
        if (permissions?.PolicyOverride == "Deny" && policy?.Override is not null)
        {
            return Denied(keyClass, "policyOverride", "spec.policy.override");
        }

        if (permissions?.AdditionalAccess != "Deny")
        {
            return null;
        }

        var field = access switch
        {
            { Administrators.Count: > 0 } => "spec.access.administrators",
            { Users.Count: > 0 } => "spec.access.users",
            { TrustedAccounts.Count: > 0 } => "spec.access.trustedAccounts",
            { CrossAccountViaService: true } => "spec.access.crossAccountViaService",
            _ when policy?.AdditionalStatements is { Count: > 0 } => "spec.policy.additionalStatements",
            _ => null,
        };
        return field is null ? null : Denied(keyClass, "additionalAccess", field);
    }

    private static Finding Denied(KeyClass keyClass, string permission, string field) => Finding.Stalled(
        Reasons.PermissionDenied,
        $"{field}: KeyClass {keyClass.Metadata.Name} denies it (permissions.{permission}: Deny). Remove the field, or use another class.");
}
