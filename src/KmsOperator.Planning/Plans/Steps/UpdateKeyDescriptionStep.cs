namespace KmsOperator.Planning;

/// <summary>Replaces the description.</summary>
/// <param name="Description">The new description.</param>
public sealed record UpdateKeyDescriptionStep(string Description)
    : KeyStep("UpdateKeyDescription", DriftField.Description, $"the description becomes \"{Description}\"")
{
    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Description = Description };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen.Description == before.Description ? ApplyTo(seen) : seen;
}
