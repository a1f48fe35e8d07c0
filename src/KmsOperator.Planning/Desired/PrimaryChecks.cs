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
    /// key that another resource owns is replicated only by its own namespace, or, between clusters, with the class's consent.
    /// </summary>
    public static ReconcileError? FindForeignOwner(KeyReplica resource, ObservedKey primary, KeyClass keyClass, string clusterId)
    {
        if (primary.Tags.GetValueOrDefault(TagNames.Owner) is not { } owner)
        {
            return null;
        }

        var cluster = primary.Tags.GetValueOrDefault(TagNames.Cluster);
        if (cluster != clusterId)
        {
            return keyClass.Spec.Permissions?.Adoption == "Allow" ? null : ReconcileError.Terminal(
                Reasons.KeyConflict,
                $"spec.primaryKeyArn: {primary.Arn} belongs to {owner} of cluster {cluster}. Replicate it there (spec.replicaRegions), "
                + $"or have KeyClass {keyClass.Metadata.Name} say permissions.adoption: Allow.");
        }

        return owner.Split('/') is [_, var @namespace, ..] && @namespace == resource.Metadata.Namespace ? null : ReconcileError.Terminal(
            Reasons.KeyConflict, $"spec.primaryKeyArn: {primary.Arn} belongs to {owner}; replicas of it are made in its own namespace, with spec.primaryRef.");
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
