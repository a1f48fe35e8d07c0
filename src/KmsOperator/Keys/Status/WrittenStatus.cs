using KmsOperator.Api;

namespace KmsOperator.Keys.Status;

/// <summary>What a key does not tell of its resource: where somebody erases the status, it is put back from this. The whole status would be kept twice in memory.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="AliasNames">All aliases that were on record.</param>
/// <param name="LastHandledRotateAt">See <see cref="KeyStatus.LastHandledRotateAt"/>.</param>
/// <param name="OnDemandRotations">See <see cref="KeyStatus.OnDemandRotations"/>.</param>
/// <param name="RotationAttempt">See <see cref="KeyStatus.RotationAttempt"/>.</param>
internal sealed record WrittenStatus(string? KeyId, IReadOnlyList<string> AliasNames, string? LastHandledRotateAt, int? OnDemandRotations, RotationAttemptStatus? RotationAttempt)
{
    /// <summary>That of a status.</summary>
    public static WrittenStatus Of(KeyStatus status) =>
        new(status.KeyId, [.. AliasHistory.NamesIn(status)], status.LastHandledRotateAt, status.OnDemandRotations, status.RotationAttempt);
}
