using KmsOperator.Api;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>What is looked for in manifests, before and beside the policies that they come to. The checks are the operator's own.</summary>
internal static class ManifestRules
{
    private const string Docs = "https://docs.aws.amazon.com/kms/latest/developerguide/";

    /// <summary>Fields and types, as the API server's strict validation has them.</summary>
    public static LintRule Shape { get; } = new(
        "KMS001", "manifest-shape", LintSeverity.Error, "A field is unknown or of a wrong type, or the resource is of a kind or version that the operator does not know.",
        "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation");

    /// <summary>The rules of the CRDs that one object can be held to.</summary>
    public static LintRule Spec { get; } = new(
        "KMS002", "invalid-spec", LintSeverity.Error, "The resource breaks a rule of its CRD; the API server refuses it.",
        "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules");

    /// <summary>Another resource that is not there, or another that has the name.</summary>
    public static LintRule Reference { get; } = new(
        "KMS003", "reference", LintSeverity.Error, "The resource needs another one that is not among the manifests, or two have the same name. Give the KeyClass and the primary too.",
        Docs + "multi-region-keys-overview.html");

    /// <summary>What the KeyClass forbids.</summary>
    public static LintRule Permission { get; } = new(
        "KMS004", "class-permission", LintSeverity.Error, "The KeyClass does not permit what the resource asks, or does not admit its namespace.",
        "https://kubernetes.io/docs/concepts/security/multi-tenancy/");

    /// <summary>Two keys that want one alias.</summary>
    public static LintRule Alias { get; } = new(
        "KMS005", "alias-collision", LintSeverity.Error, "Two resources want the same alias in one account and Region; KMS has each alias once.", Docs + "kms-alias.html");

    /// <summary>Policies beyond KMS's limit.</summary>
    public static LintRule PolicySize { get; } = new(
        "KMS006", "policy-size", LintSeverity.Error, "A key policy has at most 32,768 bytes.", Docs + "resource-limits.html");

    /// <summary>Policies that KMS certainly refuses.</summary>
    public static LintRule Policy { get; } = new(
        "KMS007", "invalid-policy", LintSeverity.Error, "KMS refuses the policy: it is malformed, or nobody could change it again.", Docs + "key-policy-overview.html");

    /// <summary>Whatever else the operator refuses.</summary>
    public static LintRule Refused { get; } = new(
        "KMS008", "refused", LintSeverity.Error, "The operator refuses the resource, with the reason that is named.", Docs + "create-keys.html");

    /// <summary>Suppressions that do nothing.</summary>
    public static LintRule Suppression { get; } = new(
        "KMS009", "suppression", LintSeverity.Warning, "A suppression has no reason, names no rule that can be suppressed, or finds nothing to suppress.",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/");

    /// <summary>Every rule, those about policies too, in the order of the ids.</summary>
    public static IReadOnlyList<LintRule> All { get; } = [Shape, Spec, Reference, Permission, Alias, PolicySize, Policy, Refused, Suppression, .. PolicyLinter.Rules];

    /// <summary>The rule that an error of rendering belongs to.</summary>
    /// <param name="field">The error's field.</param>
    /// <param name="reason">The reason that the operator would put into <c>Ready</c>; null where it is not one of the operator's.</param>
    public static LintRule Of(string? field, string? reason) => (reason, field) switch
    {
        (Reasons.PermissionDenied or Reasons.NamespaceNotAllowed, _) => Permission,
        (Reasons.AliasConflict, _) => Alias,
        (Reasons.PolicyTooLarge, _) => PolicySize,
        (Reasons.PolicyLockout or Reasons.InvalidPolicy, _) => Policy,
        (Reasons.InvalidSpec, _) when field?.StartsWith("spec.policy.", StringComparison.Ordinal) == true => Policy,
        (Reasons.InvalidSpec, _) => Spec,
        (not null, _) => Refused,
        (null, "spec.className" or "spec.primaryRef.name" or "metadata.name") => Reference,
        _ => Spec,
    };
}
