using KmsOperator.Api;

namespace KmsOperator.Keys.Status;

/// <summary>The rotations on demand that a status has on record: which request was served last, and how many there were.</summary>
internal static class RotationHistory
{
    /// <summary>
    /// Records the rotations that the last status of the same key had that this process wrote, where the status has fewer: the cluster may have been restored to a state between the
    /// request and its record. The key would be rotated again.
    /// </summary>
    public static KeyStatus WithRemembered(KeyStatus status, WrittenStatus? written)
    {
        if (written is null || written.KeyId != status.KeyId)
        {
            return status;
        }

        var (recorded, remembered) = (status.OnDemandRotations ?? 0, written.OnDemandRotations ?? 0);
        var isAttemptLost = remembered == recorded && written.LastHandledRotateAt == status.LastHandledRotateAt && written.RotationAttempt is not null && status.RotationAttempt is null;
        return remembered > recorded || isAttemptLost
            ? status with { LastHandledRotateAt = written.LastHandledRotateAt, OnDemandRotations = written.OnDemandRotations, RotationAttempt = written.RotationAttempt }
            : status;
    }
}
