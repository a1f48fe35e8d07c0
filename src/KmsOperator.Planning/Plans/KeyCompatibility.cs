using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Whether a key is, or can become, the key of a resource.</summary>
public static class KeyCompatibility
{
    /// <summary>Another resource's mark on the key, if it carries one.</summary>
    public static ReconcileError? FindForeignOwner(ObservedKey observed, KeyOwner owner)
    {
        var path = observed.Tags.GetValueOrDefault(TagNames.Owner);
        var cluster = observed.Tags.GetValueOrDefault(TagNames.Cluster);
        if ((path is null || path == owner.Path) && (cluster is null || cluster == owner.ClusterId))
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.KeyConflict,
            $"{observed.Arn} belongs to {path ?? "an unnamed resource"} of cluster {cluster ?? "unknown"} by its servicekey.dev tags; "
            + "it is left alone. Delete one of the two resources, or correct the tags.");
    }

    /// <summary>
    /// Why an existing key cannot become the resource's; null when it can. Owner, nature and material must fit, whatever can be
    /// changed need not.
    /// </summary>
    public static ReconcileError? FindIncompatibility(DesiredKey desired, ObservedKey observed)
    {
        if (FindForeignOwner(observed, desired.Owner) is { } conflict)
        {
            return conflict;
        }

        if (observed.IsAwsManaged)
        {
            return ReconcileError.Terminal(Reasons.InvalidSpec, $"spec.adopt.keyId: {observed.Arn} is managed by AWS; only a customer managed key can be taken over.");
        }

        // The primary may have been moved since: what carries the resource's own mark is its key, whichever it is.
        var isReplica = observed.MultiRegionKeyType == "REPLICA" && observed.Tags.GetValueOrDefault(TagNames.Owner) != desired.Owner.Path;
        if (desired.Primary is { } primary ? observed.KeyId != primary.KeyId || !observed.MultiRegion : isReplica)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                desired.Primary is null
                    ? $"spec.adopt.keyId: {observed.Arn} is a replica; adopt its primary here, and the replica with a KeyReplica."
                    : $"spec.adopt.keyId: {observed.Arn} is not of the multi-Region key {desired.Primary.KeyId}.");
        }

        return FindImmutableDifference(desired, observed, isOwn: false);
    }

    /// <summary>What stands against any change of the resource's own key; null when it can be planned.</summary>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="tagsMayBeOld">Whether KMS may not show yet what an earlier resource of the name put on the key.</param>
    public static ReconcileError? FindObstacle(DesiredKey desired, ObservedKey observed, bool tagsMayBeOld = false)
    {
        if (FindForeignOwner(observed, desired.Owner) is { } conflict)
        {
            return conflict;
        }

        if (KeyStates.IsPendingDeletion(observed.KeyState) && !desired.Undelete && !IsDeletedByThisName(observed, desired.Owner))
        {
            if (tagsMayBeOld && observed.Tags.GetValueOrDefault(TagNames.Uid) != desired.Owner.Uid && !observed.Tags.ContainsKey(TagNames.Released))
            {
                return ReconcileError.Transient(
                    Reasons.PendingDeletion, $"{observed.Arn} is scheduled for deletion; whether an earlier resource of this name did that is looked at until KMS must show it.");
            }

            return ReconcileError.Terminal(
                Reasons.PendingDeletion,
                $"{observed.Arn} was scheduled for deletion{(observed.DeletionDate is { } date ? $" on {date.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "")}, "
                + "not by this operator. Cancel it (CancelKeyDeletion) to keep the key, or delete this resource. The operator cancels it where "
                + "spec.deletionPolicy is Retain and the KeyClass says permissions.undelete: Allow.");
        }

        if (observed.KeyState is KeyStates.Creating or KeyStates.Updating)
        {
            return ReconcileError.Transient(Reasons.Progressing, $"{observed.Arn} is in state {observed.KeyState}.");
        }

        if (observed.KeyState is not (KeyStates.Enabled or KeyStates.Disabled or KeyStates.PendingImport) && !KeyStates.IsPendingDeletion(observed.KeyState))
        {
            return ReconcileError.Terminal(Reasons.Unavailable, $"{observed.Arn} is in state {observed.KeyState}, which the operator cannot change.");
        }

        return FindImmutableDifference(desired, observed, isOwn: true);
    }

    /// <summary>
    /// Whether the deletion comes from a resource of this name, which said so in the key's tags and did not leave the key after all. That is an earlier resource, or
    /// this one, where a restored backup has brought it back: while it is not being deleted, it wants its key. Any other deletion is somebody else's, also
    /// that of a key whose resource came and went meanwhile.
    /// </summary>
    private static bool IsDeletedByThisName(ObservedKey observed, KeyOwner owner) =>
        observed.Tags.GetValueOrDefault(TagNames.Owner) == owner.Path
        && observed.Tags.GetValueOrDefault(TagNames.Uid) is { } uid
        && observed.Tags.GetValueOrDefault(TagNames.DeletedBy) == uid
        && !observed.Tags.ContainsKey(TagNames.Released);

    private static ReconcileError? FindImmutableDifference(DesiredKey desired, ObservedKey observed, bool isOwn)
    {
        // Earlier versions let a resource adopt a key of any origin. Its spec says nothing of that, and stays as it is.
        var saysNothing = isOwn && desired.Origin == KeyOrigins.Kms;
        (string Field, string? Wanted, string? Actual)[] differences =
        [
            ("spec.keySpec", desired.KeySpec, observed.KeySpec),
            ("spec.keyUsage", desired.KeyUsage, observed.KeyUsage),
            ("spec.multiRegion", desired.MultiRegion ? "true" : "false", observed.MultiRegion ? "true" : "false"),
            ("spec.origin", desired.Origin, saysNothing ? desired.Origin : observed.Origin),
            ("spec.customKeyStoreId", desired.CustomKeyStoreId, saysNothing ? null : observed.CustomKeyStoreId),
            ("spec.xksKeyId", desired.XksKeyId, saysNothing ? null : observed.XksKeyId),
        ];
        foreach (var (field, wanted, actual) in differences)
        {
            if (wanted != actual)
            {
                return ReconcileError.Terminal(
                    Reasons.InvalidSpec,
                    $"{field}: cannot be changed; {observed.Arn} was made with {actual ?? "none"}, the spec asks for {wanted ?? "none"}. "
                    + "Put the old value back, or create another resource.");
            }
        }

        return null;
    }
}
