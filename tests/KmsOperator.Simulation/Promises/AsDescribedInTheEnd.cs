using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Simulation.Worlds;
using KmsSimulator.State;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// When faults have stopped, everything becomes as described. Where something stands against it that no operator may put away, the resource
/// says so and is not Ready. Where AWS did not let the operator mark a key before its deletion, a later resource of the name cannot know whose deletion that is.
/// </summary>
internal sealed class AsDescribedInTheEnd : IPromise
{
    public string Statement => "In the end everything is as described.";

    public string? InTheEnd(SimulatedWorld world)
    {
        foreach (var resource in world.Cluster.Resources)
        {
            var path = ClusterTruth.PathOf(resource);
            if (world.Cluster.IsPassive(resource))
                continue;
            if (resource.Metadata.DeletionTimestamp is not null)
            {
                if (!MayWaitForDeletion(world, resource))
                    return $"{path} is still being deleted: {Message(resource)}";
            }
            else if (resource is ServiceKey key && Open(world, key) is { } open)
            {
                return $"{path}: {open} ({Message(resource)})";
            }
            else if (resource is KeyReplica replica && !ReadyIsTrue.IsReady(replica) && !MayNotBeReady(world, replica))
            {
                return $"{path} is not Ready ({Message(resource)})";
            }
        }

        return null;
    }

    private static string? Open(SimulatedWorld world, ServiceKey resource)
    {
        var ready = Ready(resource);
        if (ready is null || ready.ObservedGeneration != resource.Metadata.Generation)
            return "nobody has looked at its present generation";
        if (ready.Status == "True")
            return Description.FindDifference(world, resource);
        return ready.Reason switch
        {
            // Everything else of its key is to be as described all the same. A KeyReplica waits for the alias, and the primary cannot move to it before; nor does KMS move it while the key is disabled.
            Reasons.AliasConflict when IsAliasElsewhere(world, resource) && !WillTakeOver(world, resource) =>
                resource.Status?.KeyId is null ? null
                : Description.FindDifference(world, resource, WaitsForPrimary(world, resource) || resource.Spec.Enabled == false ? Aspects.Alias | Aspects.Primary : Aspects.Alias),

            // Its key is as described; a KeyReplica of it does not get the alias, which a key that nobody has holds there, or which another resource was to get there when its class led there.
            Reasons.AliasConflict when HasReplicaWithoutAlias(world, resource) => Description.FindDifference(world, resource),

            // A key stays with its class. Nothing is done while the spec names another one.
            Reasons.InvalidSpec when ClusterTruth.NamesAnotherClass(resource) => null,

            // The key cannot be rotated, which somebody asks for. Everything else is to be as described all the same.
            Reasons.InvalidSpec when IsRotationRefused(resource) && resource.Status!.Region == world.Cluster.ClassOf(resource)?.Spec.Region => Description.FindDifference(world, resource),

            // Somebody has to import material, to give it a later time, or to put back what only this key takes.
            Reasons.InvalidSpec when resource.Spec.Material is not null => IsMaterialRefused(world, resource) ? null : "its material is refused",
            Reasons.InvalidSpec or Reasons.PermissionDenied => null,
            Reasons.ClassNotFound when world.Cluster.ClassOf(resource) is null => null,

            // Its status may have the class of an attempt that was never sent. Without a key, the default class of the moment counts.
            Reasons.ClassNotFound when resource is { Status.KeyId: null, Spec.ClassName: null } && !DefaultClasses.Of(world.Cluster.Classes).Any() => null,
            Reasons.PendingDeletion or Reasons.KeyDisabled when KeyOf(world, resource) is { } key && StaysPendingDeletion(world, key) => null,

            // So does the key of its replica. The key here is to be as described all the same.
            Reasons.PendingDeletion when world.Keys.All.Any(key => key.KeyId == resource.Status?.KeyId && StaysPendingDeletion(world, key)) => Description.FindDifference(world, resource),

            // Somebody has moved the primary to the replica's Region, and the KeyReplica says so. The key here is to be as described all the same.
            Reasons.ReplicaConflict when KeyOf(world, resource) is { IsPrimary: false } => Description.FindDifference(world, resource),

            // The key is gone for good, and nobody has asked for another one, or its primary in another Region has the same material. Or there is no key that could be adopted.
            Reasons.KeyNotFound when world.History.IsDestroyed(resource.Status?.KeyId) && (resource.Spec.RecreateLostKey != true || resource.Status?.MultiRegionKeyType == "REPLICA") => null,
            Reasons.KeyNotFound when resource is { Status.KeyId: null, Spec.Adopt: { } adopt } && FindAdopted(world, resource, adopt) is null => null,

            // The key that is to be adopted is another resource's, or nobody knows whose.
            Reasons.KeyConflict when resource is { Status.KeyId: null, Spec.Adopt: { } adopt } && FindAdopted(world, resource, adopt) is { } key && IsAnothers(world, resource, key) => null,

            // KMS makes no key under a policy that names a role that is gone. Without that role nobody can make it.
            Reasons.PrincipalNotFound when resource.Status?.KeyId is null && Description.FindMissingRole(world, resource) is not null => null,

            // A forged status names another's key, and there was no key yet for the operator to find.
            Reasons.KeyConflict when NamesAnothersKey(world, resource) => null,

            // People took the owner tags off a key, and its resource was made again before KMS showed that they are back; or AWS denied the tags of a key that was left, or people took the finalizer off. There are two keys then, and a person chooses.
            Reasons.KeyConflict when world.Keys.All.Where(key => KeyTruth.OwnerOf(key) == ClusterTruth.PathOf(resource)).ToArray() is { Length: > 1 } keys
                && keys.Any(key => world.History.IsUnmarkedByPeople(key.KeyId) || world.History.IsReadingRefused(key.KeyId) || world.History.IsExcused(ClusterTruth.PathOf(resource))) => null,

            // Somebody has to import material.
            Reasons.Progressing when LacksMaterial(world, resource) && HasReplicas(world, resource) => Description.FindDifference(world, resource, Aspects.Material | Aspects.Alias),

            // KMS replicates no key that is disabled, as this one is to be.
            Reasons.Progressing when resource.Spec.Enabled == false && WaitsForPrimary(world, resource) => Description.FindDifference(world, resource),

            // KMS makes no replica under a policy that names a role that is gone, and the primary is to move to it.
            Reasons.Progressing when resource.Spec.PrimaryRegion is not null && Description.FindMissingRole(world, resource) is not null =>
                Description.FindDifference(world, resource, Aspects.Policy | Aspects.Primary),

            // People moved the primary to a Region where no resource has the key any more, or one that is being deleted, or a KeyReplica by ARN. Only there can rotation be set, and from there
            // nobody moves the primary: the message says what to do.
            Reasons.Progressing when HasPrimaryWhereNoResourceStays(world, resource) => Description.FindDifference(world, resource, Aspects.Rotation | Aspects.Primary),

            // People took the finalizer off, so the KeyReplica of the earlier resource is still there. In a cluster the garbage collector deletes it.
            Reasons.ReplicaConflict when world.History.IsExcused(ClusterTruth.PathOf(resource)) => Description.FindDifference(world, resource),

            // A KeyReplica that people made has the replica in a Region where the ServiceKey wants one of its own.
            Reasons.ReplicaConflict when HasReplicaOfPeople(world, resource) => Description.FindDifference(world, resource),

            // The policy is refused; everything else is to be as described all the same, but for an alias that another key has, and for the primary, which KMS moves only while the key is enabled.
            Reasons.PrincipalNotFound or Reasons.PrincipalDeleted => Description.FindDifference(
                world,
                resource,
                Aspects.Policy | (IsAliasElsewhere(world, resource) ? Aspects.Alias : Aspects.None) | (resource.Spec.Enabled == false ? Aspects.Primary : Aspects.None)),
            _ => "it is not Ready",
        };
    }

    /// <summary>Whether a key is pending deletion, and no operator may cancel that: people scheduled it, or nobody can know whose deletion it is.</summary>
    private static bool StaysPendingDeletion(SimulatedWorld world, KeyEntry key) =>
        KeyTruth.IsPendingDeletion(key) && (world.History.IsScheduledByPeople(key.KeyId) || world.History.IsMarkRefused(key.Region, key.KeyId) || IsMarkedTwice(world, key));

    /// <summary>Whether a key has the mark of its deletion and the mark that it is left, since one of the calls came late. KMS changes no tags of a key that is pending deletion.</summary>
    public static bool IsMarkedTwice(SimulatedWorld world, KeyEntry key) =>
        world.History.IsMarkedLate(key.Region, key.KeyId) && KeyTruth.Tag(key, TagNames.DeletedBy) is not null && KeyTruth.Tag(key, TagNames.Released) is not null;

    /// <summary>
    /// Whether somebody has to import material: the spec names no Secret that is there, or the key waits for another material than the Secret has. KMS takes no new one while another is to
    /// become the current one.
    /// </summary>
    private static bool LacksMaterial(SimulatedWorld world, ServiceKey resource)
    {
        if (resource.Spec.Origin != "EXTERNAL")
            return false;
        if (resource.Spec.Material?.SecretRef is not { } secret || world.Cluster.MaterialIn(resource.Metadata.Namespace!, secret.Name) is not { } bytes)
            return true;
        if (resource.Status?.KeyId is not { } keyId)
            return false;
        var id = world.Kms.State.Account(KmsService.AccountId).MaterialId(keyId, bytes);
        KeyEntry[] members = [.. world.Keys.All.Where(key => key.KeyId == keyId)];
        return members.Any(key => key.Shared.PendingMaterial is { } pending && pending.Id != id)
            || (members.All(key => key.Current.Imports.ContainsKey(id) && key.Shared.PendingMaterial is null)
                && members.Any(key => key.Shared.Materials.Any(material => !key.Current.Imports.ContainsKey(material.Id))));
    }

    /// <summary>
    /// Whether the material of a resource's Secret cannot make its key usable: its time is over, an earlier material is missing as well, another one waits to become the current one, or the
    /// key has one already and rotates to no other.
    /// </summary>
    private static bool IsMaterialRefused(SimulatedWorld world, ServiceKey resource)
    {
        if (resource.Spec.Material?.ValidTo <= world.Now || LacksMaterial(world, resource))
            return true;
        return KeyOf(world, resource) is { } home && world.Cluster.MaterialIn(resource.Metadata.Namespace!, resource.Spec.Material!.SecretRef!.Name) is { } bytes
            && world.Kms.State.Account(KmsService.AccountId).MaterialId(home.KeyId, bytes) is var id
            && world.Keys.All.Where(key => key.KeyId == home.KeyId).Any(key =>
                key.Shared.Materials.Any(material => material.Id != id && (!key.Current.Imports.ContainsKey(material.Id) || key.Group.KeySpec != "SYMMETRIC_DEFAULT")));
    }

    private static KeyEntry? KeyOf(SimulatedWorld world, ServiceKey resource) => world.Keys.Find(world.Cluster.RegionOf(resource), resource.Status?.KeyId);

    private static bool IsRotationRefused(ServiceKey resource) =>
        resource is { Spec: { KeySpec: not (null or "SYMMETRIC_DEFAULT"), MultiRegion: not true }, Status.KeyId: not null }
        && resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) is { Length: > 0 } value && value != resource.Status.LastHandledRotateAt;

    private static bool MayNotBeReady(SimulatedWorld world, KeyReplica replica) => Ready(replica)?.Reason switch
    {
        Reasons.ReplicaConflict or Reasons.PrimaryNotReady or Reasons.NotMultiRegion or Reasons.AliasConflict or Reasons.KeyNotFound or Reasons.PermissionDenied or Reasons.PendingDeletion or Reasons.InvalidSpec => true,
        Reasons.KeyConflict => replica.Spec.PrimaryKeyArn is not null,

        // KMS moves no primary that is disabled, or whose deletion people scheduled. The ServiceKey says so, and its replica waits for the move.
        // Or its material is its primary's, and somebody has to import that.
        Reasons.Progressing => world.Cluster.PrimaryOf(replica) is { } primary && (LacksMaterial(world, primary) || CannotMove(world, primary)),

        // A replica's policy is its primary's. KMS makes no replica under a policy that names a role that is gone, and puts none such on one.
        Reasons.PrincipalNotFound => (world.Cluster.PrimaryOf(replica) ?? ServiceKeyOf(world, replica.Spec.PrimaryKeyArn)) is { } primary
            ? Description.FindMissingRole(world, primary) is not null
            : replica.Spec.PrimaryKeyArn is not null,
        _ => false,
    };

    private static bool CannotMove(SimulatedWorld world, ServiceKey primary) => primary.Spec.PrimaryRegion is not null && Ready(primary)?.Reason switch
    {
        Reasons.InvalidSpec or Reasons.AliasConflict or Reasons.PrincipalNotFound or Reasons.PrincipalDeleted => primary.Spec.Enabled == false,
        Reasons.PendingDeletion => world.History.IsScheduledByPeople(primary.Status?.KeyId ?? ""),
        _ => false,
    };

    private static ServiceKey? ServiceKeyOf(SimulatedWorld world, string? arn) => arn is null ? null : world.Cluster.ServiceKeys.FirstOrDefault(key => key.Status?.Arn == arn);

    private static bool NamesAnothersKey(SimulatedWorld world, ServiceKey resource) =>
        KeyOf(world, resource) is { } key && KeyTruth.OwnerOf(key) is { } owner && owner != ClusterTruth.PathOf(resource)
        && !world.Keys.All.Any(own => KeyTruth.Tag(own, TagNames.Uid) == resource.Metadata.Uid && !KeyTruth.IsPendingDeletion(own));

    private static KeyEntry? FindAdopted(SimulatedWorld world, ServiceKey resource, AdoptSpec adopt) => world.Cluster.RegionOf(resource) is var region
        ? world.Keys.Find(region, AwsCall.Plain(adopt.KeyId.StartsWith("alias/", StringComparison.Ordinal) ? world.Keys.TargetOf(region, adopt.KeyId) : adopt.KeyId))
        : null;

    private static bool IsAnothers(SimulatedWorld world, ServiceKey resource, KeyEntry key) =>
        (KeyTruth.OwnerOf(key) is { } owner && owner != ClusterTruth.PathOf(resource)) || world.Cluster.Resources.Any(other => !ReferenceEquals(other, resource) && other.Status?.KeyId == key.KeyId);

    private static bool HasReplicaOfPeople(SimulatedWorld world, ServiceKey resource) => world.Cluster.KeyReplicas.Any(
        replica => replica.Spec.PrimaryKeyArn is not null && replica.Status?.KeyId == resource.Status?.KeyId && resource.Spec.ReplicaRegions?.Contains(replica.Spec.Region) == true);

    private static bool HasReplicaWithoutAlias(SimulatedWorld world, ServiceKey resource) => world.Cluster.KeyReplicas.Any(
        replica => world.Cluster.PrimaryOf(replica) == resource && Ready(replica)?.Reason == Reasons.AliasConflict
            && (world.Keys.TargetOf(replica.Spec.Region, resource.Status?.AliasName ?? "") is { } target
                ? target != resource.Status?.KeyId
                : world.Cluster.ServiceKeys.Any(other => other != resource && other.Status?.Region == replica.Spec.Region && world.Cluster.ClassOf(other)?.Spec.Region != other.Status.Region
                    && AliasesOf(world, other).Contains(resource.Status?.AliasName))));

    /// <summary>Whether the KeyReplicas of a ServiceKey are there, and have their keys where KMS makes them: not before the primary has its material.</summary>
    private static bool HasReplicas(SimulatedWorld world, ServiceKey resource) => (resource.Spec.ReplicaRegions ?? []).All(region => world.Cluster.KeyReplicas.Any(
        replica => world.Cluster.PrimaryOf(replica) == resource && replica.Spec.Region == region && (replica.Status?.KeyId is not null || KeyOf(world, resource)?.Current.State == KeyState.PendingImport)));

    private static bool WaitsForPrimary(SimulatedWorld world, ServiceKey resource) => world.Cluster.KeyReplicas.Any(
        replica => world.Cluster.PrimaryOf(replica) == resource && replica.Status?.KeyId is null && Ready(replica)?.Reason == Reasons.PrimaryNotReady);

    private static bool HasPrimaryWhereNoResourceStays(SimulatedWorld world, ServiceKey resource) =>
        world.Keys.All.FirstOrDefault(key => key.KeyId == resource.Status?.KeyId && key.IsPrimary) is { } primary && primary.Region != resource.Status?.Region
        && !world.Cluster.KeyReplicas.Any(replica => replica.Metadata.DeletionTimestamp is null && replica.Spec.Region == primary.Region && world.Cluster.PrimaryOf(replica) == resource);

    /// <summary>Whether another resource, or a key that is nobody's, has an alias that a resource wants, or another resource wants it as well.</summary>
    private static bool IsAliasElsewhere(SimulatedWorld world, ServiceKey resource) => AliasesOf(world, resource).Any(alias =>
        world.Keys.TargetOf(world.Cluster.RegionOf(resource), alias) is { } target ? target != resource.Status?.KeyId
        : world.Cluster.ServiceKeys.Any(other => other != resource && world.Cluster.RegionOf(other) == world.Cluster.RegionOf(resource) && AliasesOf(world, other).Contains(alias)
            && (resource.Status?.KeyId is null ? !IsStalledWithoutKey(other) : CannotPutBack(world, other, alias))));

    /// <summary>Whether a resource has no key and says that it gets none. Of two that say so, and want one alias that nobody has, one gets it yet.</summary>
    private static bool IsStalledWithoutKey(ServiceKey resource) =>
        resource.Status is { KeyId: null, Conditions: { } conditions } && conditions.Any(condition => condition is { Type: ConditionTypes.Stalled, Status: "True" });

    /// <summary>Whether a resource has an alias on record that somebody deleted, and cannot make it again: people scheduled the deletion of its key, or the key is gone for good.</summary>
    public static bool CannotPutBack(SimulatedWorld world, ServiceKey resource, string alias) =>
        (resource.Status?.AliasName == alias || resource.Status?.AdditionalAliases?.Contains(alias) == true)
        && (world.History.IsDestroyed(resource.Status.KeyId) || (KeyOf(world, resource) is { } key && KeyTruth.IsPendingDeletion(key) && world.History.IsScheduledByPeople(key.KeyId)));

    /// <summary>
    /// Whether a resource that may take over its alias will: no resource has the key that has the alias, none waits for it as well, and KMS moves an alias from that key to this one.
    /// </summary>
    private static bool WillTakeOver(SimulatedWorld world, ServiceKey resource) =>
        resource.Spec is { TakeOverAlias: true, AdditionalAliases: null } && world.Cluster.ClassOf(resource)?.Spec.Permissions?.AliasTakeOver == "Allow"
        && AliasesOf(world, resource).First() is var alias
        && world.Keys.TargetOf(world.Cluster.RegionOf(resource), alias) is { } target
        && IsOfOneType(world, world.Cluster.RegionOf(resource), target, resource.Status?.KeyId)
        && !world.Cluster.Resources.Any(other => !ReferenceEquals(other, resource) && (other.Status?.KeyId == target || (other is ServiceKey key && AliasesOf(world, key).Contains(alias))));

    private static bool IsOfOneType(SimulatedWorld world, string region, string keyId, string? otherKeyId) =>
        world.Keys.Find(region, keyId) is not { } key || world.Keys.Find(region, otherKeyId) is not { } other
        || (key.Group.KeySpec, key.Group.KeyUsage) == (other.Group.KeySpec, other.Group.KeyUsage);

    /// <summary>The aliases that a resource wants. Its status may have the class of an attempt that was never sent; without a key, the default class of the moment counts as well.</summary>
    private static IEnumerable<string> AliasesOf(SimulatedWorld world, ServiceKey resource)
    {
        KeyClass?[] classes = [world.Cluster.ClassOf(resource), resource is { Status.KeyId: null, Spec.ClassName: null } ? DefaultClasses.Of(world.Cluster.Classes).FirstOrDefault() : null];
        return classes.OfType<KeyClass>().Select(keyClass => ServiceKeyResolver.AliasOf(resource, keyClass)).Concat(resource.Spec.AdditionalAliases ?? []).Distinct();
    }

    private static bool MayWaitForDeletion(SimulatedWorld world, IKeyResource resource) =>
        Ready(resource)?.Reason == Reasons.ReplicasRemain

        // Somebody protects its key, or nobody confirms that one that was used is deleted.
        || (Ready(resource)?.Reason == Reasons.Deleting && world.Cluster.IsGuarded(resource, world.Keys, world.Now))

        // Its key is the primary, and nobody has said where that is to be instead.
        || (resource is KeyReplica moved && Ready(moved)?.Reason == Reasons.ReplicaConflict && world.Keys.Find(moved.Spec.Region, moved.Status?.KeyId) is { IsPrimary: true })
        || (resource is ServiceKey key && world.Cluster.ClassOf(key) is null)

        // Its class leads to another account than its key is in: the message says to set deletionPolicy: Retain, or to put the class right.
        || (Ready(resource)?.Reason == Reasons.AccountMismatch && world.Cluster.IsAccountOfKeyLeft(resource))
        || (resource is ServiceKey primary && Ready(primary)?.Reason != Reasons.Deleting && world.Cluster.KeyReplicas.Any(replica => world.Cluster.PrimaryOf(replica) == primary));

    private static Condition? Ready(IKeyResource resource) => resource.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready);

    private static string Message(IKeyResource resource) => Ready(resource) is { } ready ? $"{ready.Reason}: {ready.Message}" : "no condition";
}
