using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Status;

/// <summary>What the status remembers of imported key material.</summary>
internal static class MaterialFields
{
    /// <summary>In the form that the planner takes; null for nothing.</summary>
    public static MaterialRecord? RecordOf(KeyStatus status) => status.Material is not { } material
        ? null
        : new MaterialRecord(
            material.KeyMaterialId, material.SecretName, material.SecretKey, new SecretVersion(material.SecretUid, material.SecretResourceVersion), material.ValidTo);

    /// <summary>After an import.</summary>
    /// <param name="step">What was imported.</param>
    /// <param name="version">The version of the Secret that it came from; null in a plan, which reads none.</param>
    public static MaterialStatus Of(ImportKeyMaterialStep step, SecretVersion? version) => new()
    {
        KeyMaterialId = step.KeyMaterialId,
        SecretName = step.Material.SecretName,
        SecretKey = step.Material.SecretKey,
        SecretUid = version?.Uid ?? "",
        SecretResourceVersion = version?.ResourceVersion ?? "",
        ValidTo = step.Material.ValidTo,
    };

    /// <summary>What to say of a key that is as described; empty for nothing.</summary>
    public static string NoteFor(KeyStatus status) =>
        status.Material?.ValidTo is { } end ? $" Its key material is valid until {end.UtcDateTime:yyyy-MM-dd HH:mm}Z." : "";
}
