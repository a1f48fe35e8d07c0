using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>What follows from which key of a multi-Region key is the primary. A part of <see cref="KeyPlanner"/>.</summary>
internal static class PrimaryPlanning
{
    /// <summary>
    /// Why the deletion of a primary is not scheduled: it was moved to a KeyReplica and is in use there, or it has replicas that stay. KMS would make it
    /// unusable at once, and wait for the replicas for ever.
    /// </summary>
    public static ReconcileError? FindPrimaryInUse(ObservedKey observed, KeyOwner owner, ReplicasInDeletion? replicas)
    {
        if (owner.Kind == KeyReplica.KindName && replicas?.WholeKeyGoes != true)
        {
            return ReconcileError.Terminal(
                Reasons.ReplicaConflict,
                $"{observed.Arn} is the primary now, and the operator deletes no primary for a KeyReplica. Make another Region the primary (spec.primaryRegion of the ServiceKey, or UpdatePrimaryRegion), "
                + "or set spec.deletionPolicy: Retain to keep the key.");
        }

        if (replicas is not { InUse: { Count: > 0 } remaining })
        {
            return null;
        }

        var message = $"{observed.Arn} is the primary of replicas whose deletion nobody has scheduled: {string.Join(", ", remaining)}. "
            + "They go first. Delete them, or set spec.deletionPolicy: Retain to keep this key.";
        return replicas.MayBeOld ? ReconcileError.Transient(Reasons.ReplicasRemain, message) : ReconcileError.Terminal(Reasons.ReplicasRemain, message);
    }

    /// <summary>The primary's own resource moves it; the others wait until KMS shows it where it is to be.</summary>
    public static void Plan(DesiredKey desired, ObservedKey observed, List<KeyStep> steps, List<ReconcileError> errors)
    {
        if (FindRotationElsewhere(desired, observed) is { } waiting)
        {
            errors.Add(waiting);
        }

        if (desired.WantedPrimary is not { } wanted || !observed.MultiRegion)
        {
            return;
        }

        if (observed.MultiRegionKeyType != "PRIMARY")
        {
            if (observed.PrimaryRegion != wanted.Region)
            {
                errors.Add(wanted.Region == desired.Location.Region && !desired.Enabled
                    ? Disabled(desired, wanted, observed.PrimaryRegion!)
                    : ReconcileError.Transient(
                        Reasons.Progressing,
                        $"spec.primaryRegion: the primary of {observed.KeyId} is in {observed.PrimaryRegion} and is to be in {wanted.Region}. {ByResourceAtPrimary(observed, wanted.Region)}"));
            }
        }
        else if (wanted.Region != desired.Location.Region)
        {
            if (desired.Enabled)
            {
                steps.Add(new UpdatePrimaryRegionStep(wanted.Region));
            }
            else
            {
                errors.Add(Disabled(desired, wanted, desired.Location.Region));
            }
        }
    }

    /// <summary>The key is the primary or is to be it, and is described as disabled.</summary>
    private static ReconcileError Disabled(DesiredKey desired, WantedPrimary wanted, string presentRegion) => ReconcileError.Terminal(
        Reasons.InvalidSpec,
        $"spec.primaryRegion: KMS moves the primary from an enabled key to an enabled key only, and spec.enabled of {desired.Owner.Path} is false. "
        + $"Set it to true until the primary is in {wanted.Region}, or set primaryRegion to {presentRegion}.");

    /// <summary>The ServiceKey describes the rotation of its key also where that is a replica, and is as described only once KMS shows so.</summary>
    private static ReconcileError? FindRotationElsewhere(DesiredKey desired, ObservedKey observed)
    {
        if (desired is not { Primary: null, Rotation: { } wanted } || observed is not { MultiRegionKeyType: "REPLICA", Rotation: { } shown }
            || (shown.Enabled == wanted.Enabled && (!wanted.Enabled || shown.PeriodDays is null || shown.PeriodDays == wanted.PeriodDays)))
        {
            return null;
        }

        return ReconcileError.Transient(
            Reasons.Progressing,
            $"spec.rotation: {observed.KeyId} does not rotate as described yet. Rotation is set at the primary. {ByResourceAtPrimary(observed, desired.Location.Region)} "
            + $"If it is being deleted, set spec.primaryRegion to {desired.Location.Region}.");
    }

    /// <summary>Who does what KMS does at the primary only, and what to do where nobody does.</summary>
    private static string ByResourceAtPrimary(ObservedKey observed, string wantedRegion) =>
        $"The resource that has the key in {observed.PrimaryRegion} does it. If none has it, add {observed.PrimaryRegion} to spec.replicaRegions of the ServiceKey. "
        + $"If it is a KeyReplica with primaryKeyArn, which leaves the primary to others: aws kms update-primary-region --region {observed.PrimaryRegion} --key-id {observed.KeyId} --primary-region {wantedRegion}.";
}
