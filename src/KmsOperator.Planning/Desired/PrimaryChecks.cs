using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Why a primary cannot be replicated.</summary>
public static class PrimaryChecks
{
    /// <summary>Why the ServiceKey itself gets no key, in the words of its replica; null if it does.</summary>
    public static ReconcileError? FindRefusal(ServiceKey primary, KeyClass keyClass, string accountId, string clusterId)
    {
        var why = SpecValidation.Validate(primary) is { Count: > 0 } errors
            ? $"{Reasons.InvalidSpec}: {string.Join("; ", errors)}"
            : ServiceKeyResolver.Resolve(primary, keyClass, accountId, clusterId).Error is { } error ? $"{error.Reason}: {error.Message}" : null;
        return why is null ? null : ReconcileError.Transient(
            Reasons.PrimaryNotReady,
            $"spec.primaryRef.name: ServiceKey {primary.Metadata.Name} is refused: {why.TrimEnd('.')}. Correct that resource; this one goes on by itself.");
    }

    /// <summary>
    /// A replica holds the primary's key material under a policy of its own: whoever makes one can read what the primary encrypted. So a
    /// key that a resource of this cluster owns is replicated only by its own namespace. Any other key, of another cluster or of nobody known, is
    /// replicated only with the class's consent: that a key has no owner tag proves nothing, since the tag may have been taken off. Nor does a status, which may be forged: it can forbid
    /// the replica, and not permit it.
    /// </summary>
    /// <param name="resource">The KeyReplica.</param>
    /// <param name="primary">The primary, as KMS shows it.</param>
    /// <param name="holder">The resource of this cluster that has the primary, by its status or by what the operator remembers, as <c>{kind}/{namespace}/{name}</c>; null for none.</param>
    /// <param name="keyClass">The class that the KeyReplica names.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static ReconcileError? FindForeignOwner(KeyReplica resource, ObservedKey primary, string? holder, KeyClass keyClass, string clusterId)
    {
        if (holder is not null && FindOtherNamespace(resource, primary.Arn, holder) is { } another)
        {
            return another;
        }

        if (primary.Tags.GetValueOrDefault(TagNames.Owner) is not { } owner)
        {
            return keyClass.Spec.Permissions?.Adoption == "Allow" ? null : ReconcileError.Terminal(
                Reasons.PermissionDenied,
                $"spec.primaryKeyArn: {primary.Arn} has no tag {TagNames.Owner}, so nothing proves that this namespace may have a copy of its key material. "
                + $"If it may, have KeyClass {keyClass.Metadata.Name} say permissions.adoption: Allow.");
        }

        var cluster = primary.Tags.GetValueOrDefault(TagNames.Cluster);
        if (cluster != clusterId)
        {
            return keyClass.Spec.Permissions?.Adoption == "Allow" ? null : ReconcileError.Terminal(
                Reasons.KeyConflict,
                $"spec.primaryKeyArn: {primary.Arn} belongs to {owner} of cluster {cluster}. Replicate it there (spec.replicaRegions), "
                + $"or have KeyClass {keyClass.Metadata.Name} say permissions.adoption: Allow.");
        }

        return FindOtherNamespace(resource, primary.Arn, owner);
    }

    /// <summary>Why a key that a resource of this cluster has is not replicated for another namespace; null where it is the same.</summary>
    /// <param name="resource">The KeyReplica.</param>
    /// <param name="primaryArn">The primary.</param>
    /// <param name="owner">The resource that has the primary, as <c>{kind}/{namespace}/{name}</c>.</param>
    public static ReconcileError? FindOtherNamespace(KeyReplica resource, string primaryArn, string owner) =>
        owner.Split('/') is [_, var @namespace, ..] && @namespace == resource.Metadata.Namespace ? null : ReconcileError.Terminal(
            Reasons.KeyConflict, $"spec.primaryKeyArn: {primaryArn} belongs to {owner}; replicas of it are made in its own namespace, with spec.primaryRef.");

    /// <summary>Why a ServiceKey's primary cannot be in <c>spec.primaryRegion</c>; null if it can.</summary>
    public static ReconcileError? FindPrimaryRegionMistake(ServiceKeySpec spec, KeyClass keyClass)
    {
        if (spec.PrimaryRegion is not { } region || region == keyClass.Spec.Region || spec.ReplicaRegions?.Contains(region) == true)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"spec.primaryRegion: {region} is neither in spec.replicaRegions nor the Region of KeyClass {keyClass.Metadata.Name}, {keyClass.Spec.Region}. "
            + "Only a key that the operator keeps becomes the primary: add the Region to spec.replicaRegions, or name another one. Nothing was changed.");
    }

    /// <summary>Why a replica in a Region of that primary cannot be; null if it can.</summary>
    public static ReconcileError? FindRegionMistake(string region, string primaryRegion)
    {
        if (region == primaryRegion)
        {
            return ReconcileError.Terminal(Reasons.InvalidSpec, $"spec.region: {region} is the primary's own Region; a replica needs another one.");
        }

        var (here, there) = (Partition.OfRegion(region), Partition.OfRegion(primaryRegion));
        return here == there ? null : ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"spec.region: {region} is in partition {here}, the primary's Region {primaryRegion} in {there}; KMS replicates within a partition only. "
            + $"Make another resource, with a Region of {there}.");
    }
}
