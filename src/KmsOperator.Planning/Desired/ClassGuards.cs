using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>What a resource asks for although the guards of its class deny it, found before KMS would refuse it.</summary>
internal static class ClassGuards
{
    /// <summary>The first such thing, or null.</summary>
    /// <param name="keyClass">The class.</param>
    /// <param name="windowDays">The waiting period before a deletion; null where none is to be scheduled.</param>
    /// <param name="rotation">The rotation; null for keys that cannot rotate.</param>
    public static ReconcileError? FindViolation(KeyClass keyClass, int? windowDays, DesiredRotation? rotation)
    {
        var guards = keyClass.Spec.Guards;
        if (windowDays < guards?.MinimumPendingDeletionWindowDays)
        {
            return Denied(
                keyClass, $"spec.pendingDeletionWindowDays: {windowDays} days", $"guards.minimumPendingDeletionWindowDays: {guards.MinimumPendingDeletionWindowDays}");
        }

        if (rotation is not { Enabled: true })
        {
            return null;
        }

        var limits = guards?.RotationPeriodDays;
        return rotation.PeriodDays < limits?.Minimum ? Denied(keyClass, $"spec.rotation.periodDays: {rotation.PeriodDays} days", $"guards.rotationPeriodDays.minimum: {limits.Minimum}")
            : rotation.PeriodDays > limits?.Maximum ? Denied(keyClass, $"spec.rotation.periodDays: {rotation.PeriodDays} days", $"guards.rotationPeriodDays.maximum: {limits.Maximum}")
            : null;
    }

    private static ReconcileError Denied(KeyClass keyClass, string asked, string guard) => ReconcileError.Terminal(
        Reasons.PermissionDenied, $"{asked} is denied by KeyClass {keyClass.Metadata.Name} ({guard}). Set a value that it permits, or use another class.");
}
