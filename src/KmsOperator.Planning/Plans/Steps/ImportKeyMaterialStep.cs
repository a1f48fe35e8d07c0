namespace KmsOperator.Planning;

/// <summary>
/// Imports key material. The same material may be imported any number of times; another one waits for a rotation, if the key is a symmetric encryption key.
/// </summary>
/// <param name="Material">Where it is, and for how long it is valid.</param>
/// <remarks>Source: AWS KMS API reference, ImportKeyMaterial.</remarks>
public sealed record ImportKeyMaterialStep(DesiredMaterial Material) : KeyStep("ImportKeyMaterial", DriftField.Material, $"the key material of {Material}")
{
    /// <summary>KMS's id of the material; null where it is not known.</summary>
    public string? KeyMaterialId { get; init; }

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key)
    {
        var materials = key.Materials;
        if (KeyMaterialId is { } id && materials is not null)
        {
            var known = materials.FirstOrDefault(material => material.Id == id);
            var state = known?.State ?? (materials.Count == 0 ? MaterialStates.Current
                : key.ReplicaArns.Count > 0 ? MaterialStates.PendingMultiRegionImport : MaterialStates.PendingRotation);
            var imported = new ObservedMaterial(id, state, true, Material.ValidTo);
            materials = known is null ? [.. materials, imported] : [.. materials.Select(material => material == known ? imported : material)];
        }

        var isComplete = KeyMaterialId is null || materials is null || materials.All(material => material.IsImported || MaterialStates.IsPending(material.State));
        return key with
        {
            Materials = materials,
            MaterialValidTo = Material.ValidTo,
            KeyState = key.KeyState == KeyStates.PendingImport && isComplete ? KeyStates.Enabled : key.KeyState,
        };
    }

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before)
    {
        var applied = ApplyTo(seen);
        var isStale = EntryOf(seen) == EntryOf(before) && EntryOf(seen) != EntryOf(applied);
        return seen with
        {
            Materials = isStale ? applied.Materials : seen.Materials,
            MaterialValidTo = seen.MaterialValidTo == before.MaterialValidTo ? applied.MaterialValidTo : seen.MaterialValidTo,
            KeyState = before.KeyState == KeyStates.PendingImport ? applied.KeyState : seen.KeyState,
        };
    }

    private ObservedMaterial? EntryOf(ObservedKey key) => key.Materials?.FirstOrDefault(material => material.Id == KeyMaterialId);
}
