namespace KmsOperator.Planning;

/// <summary>Makes a grant on the key.</summary>
/// <param name="Grant">What is in it.</param>
public sealed record CreateGrantStep(DesiredGrant Grant) : KeyStep("CreateGrant", DriftField.Grants, $"{Grant.Name}: {Grant}")
{
    /// <summary>The id that KMS gave the grant; null before the call.</summary>
    public string? GrantId { get; init; }

    /// <inheritdoc />
    public override bool DelaysRelease => true;

    /// <inheritdoc />
    /// <remarks>KMS makes no grants on a disabled key, nor on one without its material.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is EnableKeyStep or ImportKeyMaterialStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Grants = [.. key.Grants ?? [], ObservedGrant.Of(Grant, GrantId)] };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) =>
        seen.Grants is null || Has(seen) || Has(before) ? seen : ApplyTo(seen);

    private bool Has(ObservedKey key) => key.Grants?.Any(grant => grant.KmsName == Grant.KmsName) == true;
}

/// <summary>Takes a grant back that the operator made.</summary>
/// <param name="Grant">The grant.</param>
/// <param name="Successor">The new grant of that name, which is made first; null where there is none.</param>
public sealed record RevokeGrantStep(ObservedGrant Grant, DesiredGrant? Successor)
    : KeyStep("RevokeGrant", DriftField.Grants, $"{GrantName.InSpec(Grant.KmsName)}: {Grant}{(Successor is null ? "" : ", which was replaced")}")
{
    /// <inheritdoc />
    /// <remarks>Who has access keeps it until the new grant is there.</remarks>
    public override bool DependsOn(KeyStep refused) => (refused is CreateGrantStep create && create.Grant == Successor) || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Grants = key.Grants is null ? null : [.. key.Grants.Where(grant => grant.Id != Grant.Id)] };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen.Grants?.Any(grant => grant.Id == Grant.Id) == true ? ApplyTo(seen) : seen;
}
