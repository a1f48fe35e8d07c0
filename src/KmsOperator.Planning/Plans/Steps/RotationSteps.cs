namespace KmsOperator.Planning;

/// <summary>Turns automatic rotation on, or changes its period.</summary>
/// <param name="PeriodDays">90 to 2560.</param>
public sealed record EnableKeyRotationStep(int PeriodDays) : KeyStep("EnableKeyRotation", DriftField.Rotation, $"every {PeriodDays} days")
{
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
    /// <remarks>KMS does not change the rotation of a disabled key.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Rotation = new ObservedRotation(false, null, null) };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => StaleRotation.IsAsBefore(seen, before) ? ApplyTo(seen) : seen;
}

/// <summary>Rotates the key material now. Automatic rotation goes on as before.</summary>
/// <param name="RotateAt">The value of the annotation that asked for it.</param>
public sealed record RotateKeyOnDemandStep(string RotateAt) : KeyStep("RotateKeyOnDemand", DriftField.Rotation, $"requested by rotate-at {RotateAt}")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key;

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen;
}

internal static class StaleRotation
{
    public static bool IsAsBefore(ObservedKey seen, ObservedKey before) =>
        seen.Rotation?.Enabled == before.Rotation?.Enabled && seen.Rotation?.PeriodDays == before.Rotation?.PeriodDays;
}
