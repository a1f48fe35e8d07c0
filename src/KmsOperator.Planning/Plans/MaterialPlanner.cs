using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>What follows from the origin <c>EXTERNAL</c>: which material is imported, and when. A part of <see cref="KeyPlanner"/>.</summary>
internal static class MaterialPlanner
{
    /// <summary>Plans the import of what the spec names, and the rotation to it.</summary>
    public static void Plan(DesiredKey desired, ObservedKey observed, KeyRecord record, List<KeyStep> steps, List<ReconcileError> errors)
    {
        if (observed.Origin != KeyOrigins.External || KeyStates.IsPendingDeletion(observed.KeyState))
        {
            return;
        }

        var isWaiting = observed.KeyState == KeyStates.PendingImport;
        if (desired.Material is not { } wanted)
        {
            if (isWaiting)
            {
                errors.Add(ReconcileError.Transient(
                    Reasons.Progressing, $"{observed.Arn} waits for its key material. Import it (ImportKeyMaterial){(desired.Primary is null ? ", or name a Secret in spec.material.secretRef" : "")}."));
            }

            return;
        }

        var last = record.Material is { } done && done.SecretName == wanted.SecretName && done.SecretKey == wanted.SecretKey ? done : null;
        var shown = last?.KeyMaterialId is { } id ? observed.Materials?.FirstOrDefault(material => material.Id == id) : null;
        PlanRotation(desired, observed, shown, steps, errors);
        if (IsDue(wanted, observed, last, shown, record.MaterialSource?.Version))
        {
            if (record.MaterialSource?.Error is { } error)
            {
                errors.Add(error);
            }
            else
            {
                steps.Add(new ImportKeyMaterialStep(wanted) { KeyMaterialId = last?.Version == record.MaterialSource?.Version ? last?.KeyMaterialId : null });
            }
        }
        else if (isWaiting)
        {
            var missing = observed.Materials?.Where(material => !material.IsImported && !MaterialStates.IsPending(material.State)).Select(material => material.Id) ?? [];
            errors.Add(ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.material: {observed.Arn} has the material of Secret {wanted.SecretName}, and waits for the materials that it had before as well: {string.Join(", ", missing)}. "
                + "Put one after the other into the Secret, or import them yourself."));
        }
    }

    private static void PlanRotation(DesiredKey desired, ObservedKey observed, ObservedMaterial? shown, List<KeyStep> steps, List<ReconcileError> errors)
    {
        if (observed.MultiRegionKeyType == "REPLICA" || !desired.Enabled || shown is not { IsImported: true })
        {
            return;
        }

        if (shown.State == MaterialStates.PendingRotation && observed.KeyState != KeyStates.PendingImport)
        {
            steps.Add(RotateKeyOnDemandStep.To(shown.Id));
        }
        else if (shown.State == MaterialStates.PendingMultiRegionImport)
        {
            errors.Add(ReconcileError.Transient(
                Reasons.Progressing, $"{observed.Arn} has new key material, which becomes the current one once all replicas have it too."));
        }
    }

    private static bool IsDue(DesiredMaterial wanted, ObservedKey observed, MaterialRecord? last, ObservedMaterial? shown, SecretVersion? version)
    {
        if (last is null || (version is not null && version != last.Version))
        {
            return true;
        }

        return observed.Materials is null
            ? observed.KeyState == KeyStates.PendingImport || observed.MaterialValidTo != wanted.ValidTo
            : shown is not { IsImported: true } || shown.ValidTo != wanted.ValidTo;
    }
}
