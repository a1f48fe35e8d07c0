namespace KmsOperator.Planning;

/// <summary>Makes the key usable.</summary>
public sealed record EnableKeyStep() : KeyStep("EnableKey", DriftField.Enabled, "the key is disabled")
{
    /// <inheritdoc />
    public override bool DelaysRelease => true;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Enabled };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen.KeyState == before.KeyState ? ApplyTo(seen) : seen;
}

/// <summary>Makes the key unusable until it is enabled again.</summary>
/// <param name="Because">Why.</param>
public sealed record DisableKeyStep(string Because = "spec.enabled is false") : KeyStep("DisableKey", DriftField.Enabled, Because)
{
    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    /// <remarks>A key that waits for its material cannot be used anyway, and KMS does not disable it.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is ImportKeyMaterialStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Disabled };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen.KeyState == before.KeyState ? ApplyTo(seen) : seen;
}

/// <summary>Starts the waiting period after which KMS deletes the key.</summary>
/// <param name="PendingWindowInDays">7 to 30.</param>
public sealed record ScheduleKeyDeletionStep(int PendingWindowInDays)
    : KeyStep("ScheduleKeyDeletion", DriftField.Deletion, $"in {PendingWindowInDays} days")
{
    /// <inheritdoc />
    public override bool DelaysRelease => true;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.PendingDeletion };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => KeyStates.IsPendingDeletion(seen.KeyState) ? seen : ApplyTo(seen);
}

/// <summary>Cancels a scheduled deletion. KMS leaves the key disabled.</summary>
public sealed record CancelKeyDeletionStep() : KeyStep("CancelKeyDeletion", DriftField.Deletion, "the key is pending deletion")
{
    /// <inheritdoc />
    public override bool DelaysRelease => true;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Disabled, DeletionDate = null };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => KeyStates.IsPendingDeletion(seen.KeyState) ? ApplyTo(seen) : seen;
}
