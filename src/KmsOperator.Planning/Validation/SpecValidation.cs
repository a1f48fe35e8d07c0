using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>
/// The operator's own check of every rule of the CRDs that one object can be held to. The API server checks them too, but servers
/// before 1.25 drop the CEL rules, and an object may be older than a rule.
/// </summary>
/// <remarks>
/// Rules: <c>config/crds</c>. The content of policies is checked where they are rendered. Errors come in the order of the fields.
/// </remarks>
public static class SpecValidation
{
    /// <summary>What is wrong with a KeyClass; empty if nothing is.</summary>
    public static IReadOnlyList<FieldError> Validate(KeyClass keyClass)
    {
        var errors = new FieldErrors();
        KeyClassRules.Check(errors, keyClass.Spec);
        return errors.All;
    }

    /// <summary>
    /// What is wrong with a ServiceKey; empty if nothing is. Immutable fields are held against what its status recorded of them.
    /// </summary>
    public static IReadOnlyList<FieldError> Validate(ServiceKey key)
    {
        var errors = new FieldErrors();
        ServiceKeyRules.Check(errors, key);
        return errors.All;
    }

    /// <summary>
    /// What is wrong with a KeyReplica; empty if nothing is. Immutable fields are held against what its status recorded of them.
    /// </summary>
    public static IReadOnlyList<FieldError> Validate(KeyReplica replica)
    {
        var errors = new FieldErrors();
        KeyReplicaRules.Check(errors, replica);
        return errors.All;
    }

    /// <summary>Which immutable fields differ between two versions of a ServiceKey. Absent and the default are the same.</summary>
    public static IReadOnlyList<FieldError> ValidateUpdate(ServiceKey before, ServiceKey after)
    {
        var errors = new FieldErrors();
        ServiceKeyRules.CheckUpdate(errors, before, after);
        return errors.All;
    }

    /// <summary>Which immutable fields differ between two versions of a KeyReplica.</summary>
    public static IReadOnlyList<FieldError> ValidateUpdate(KeyReplica before, KeyReplica after)
    {
        var errors = new FieldErrors();
        KeyReplicaRules.CheckUpdate(errors, before, after);
        return errors.All;
    }
}
