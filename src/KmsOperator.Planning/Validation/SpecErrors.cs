using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The errors of a spec as one <see cref="ReconcileError"/>.</summary>
public static class SpecErrors
{
    /// <summary>What is wrong with a KeyClass; null if nothing is.</summary>
    public static ReconcileError? Find(KeyClass keyClass) => Join(SpecValidation.Validate(keyClass));

    /// <summary>What is wrong with a ServiceKey; null if nothing is.</summary>
    public static ReconcileError? Find(ServiceKey key) => Join(SpecValidation.Validate(key));

    /// <summary>What is wrong with a KeyReplica; null if nothing is.</summary>
    public static ReconcileError? Find(KeyReplica replica) => Join(SpecValidation.Validate(replica));

    /// <summary>Several errors as one; null for none.</summary>
    public static ReconcileError? Join(IReadOnlyList<FieldError> errors) =>
        errors.Count == 0 ? null : ReconcileError.Terminal(Reasons.InvalidSpec, string.Join("; ", errors));
}
