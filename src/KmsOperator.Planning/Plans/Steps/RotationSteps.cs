namespace KmsOperator.Planning;

/// <summary>Turns automatic rotation on, or changes its period.</summary>
/// <param name="PeriodDays">90 to 2560.</param>
public sealed record EnableKeyRotationStep(int PeriodDays) : KeyStep("EnableKeyRotation", DriftField.Rotation, $"every {PeriodDays} days")
{
    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    /// <remarks>KMS does not change the rotation of a disabled key.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Rotation = new ObservedRotation(true, PeriodDays, null) };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => StaleRotation.IsAsBefore(seen, before) ? ApplyTo(seen) : seen;
}

/// <summary>Turns automatic rotation off.</summary>
public sealed record DisableKeyRotationStep() : KeyStep("DisableKeyRotation", DriftField.Rotation, "rotation.enabled is false")
{
    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    /// <remarks>KMS does not change the rotation of a disabled key.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Rotation = new ObservedRotation(false, null, null) };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => StaleRotation.IsAsBefore(seen, before) ? ApplyTo(seen) : seen;
}

/// <summary>Rotates the key material now. Automatic rotation goes on as before.</summary>
/// <param name="Because">Why.</param>
public sealed record RotateKeyOnDemandStep(string Because) : KeyStep("RotateKeyOnDemand", DriftField.Rotation, Because)
{
    /// <summary>
    /// KMS's id of the imported material that becomes the current one; null for a key whose material KMS makes. KMS refuses the rotation when no material
    /// waits for it, so it takes place once for each.
    /// </summary>
    public string? KeyMaterialId { get; private init; }

    /// <summary>Makes imported material that waits for it the current one.</summary>
    public static RotateKeyOnDemandStep To(string keyMaterialId) =>
        new($"the imported key material {keyMaterialId} becomes the current one") { KeyMaterialId = keyMaterialId };

    /// <inheritdoc />
    /// <remarks>KMS rotates no disabled key.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => KeyMaterialId is null || key.Materials is null ? key : key with
    {
        Materials = [.. key.Materials.Select(material =>
            material.Id == KeyMaterialId ? material with { State = MaterialStates.Current }
            : material.State == MaterialStates.Current ? material with { State = MaterialStates.NonCurrent }
            : material)],
    };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) =>
        seen.Materials?.Any(material => material.Id == KeyMaterialId && MaterialStates.IsPending(material.State)) == true ? ApplyTo(seen) : seen;
}

internal static class StaleRotation
{
    public static bool IsAsBefore(ObservedKey seen, ObservedKey before) =>
        seen.Rotation?.Enabled == before.Rotation?.Enabled && seen.Rotation?.PeriodDays == before.Rotation?.PeriodDays;
}
