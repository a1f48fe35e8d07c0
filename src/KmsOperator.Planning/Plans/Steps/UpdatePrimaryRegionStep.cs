namespace KmsOperator.Planning;

/// <summary>
/// Makes the key of another Region the primary; the key itself becomes a replica. It is sent in the Region of the present primary. Both keys are Updating
/// for seconds, and nothing else of them changes.
/// </summary>
/// <param name="Region">The Region whose key becomes the primary.</param>
/// <remarks>Source: AWS KMS API reference, UpdatePrimaryRegion.</remarks>
public sealed record UpdatePrimaryRegionStep(string Region) : KeyStep("UpdatePrimaryRegion", DriftField.PrimaryRegion, $"the primary moves to {Region}")
{
    /// <inheritdoc />
    /// <remarks>KMS moves the primary from an enabled key to an enabled key only.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep or ImportKeyMaterialStep || base.DependsOn(refused);

    /// <summary>The key after the step. The key of <see cref="Region"/> becomes the primary, any other one a replica.</summary>
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { KeyState = KeyStates.Updating, MultiRegionKeyType = key.Arn.Split(':') is [_, _, _, var region, ..] && region == Region ? "PRIMARY" : "REPLICA", PrimaryRegion = Region };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) =>
        seen.MultiRegionKeyType == before.MultiRegionKeyType && seen.KeyState == before.KeyState ? ApplyTo(seen) : seen;
}
