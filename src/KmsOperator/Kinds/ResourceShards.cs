using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Classes;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;

namespace KmsOperator.Kinds;

/// <summary>
/// Says in which shard a resource is, by what the caches hold now: that of the account and Region of its key, which is where its reconcile writes. Of two
/// instances one may know more than the other for a moment; what each of them may write is its fence's to say.
/// </summary>
/// <param name="map">Says in which shard an account and Region are.</param>
/// <param name="caches">The resources.</param>
/// <param name="classes">Finds the class of a resource.</param>
internal sealed class ResourceShards(ShardMap map, ResourceCaches caches, ClassDirectory classes)
{
    /// <summary>The shard of a KeyClass: by its name, which is known also while its account is not, and never changes.</summary>
    public int OfKeyClass(NamespacedName key) => map.OfClass(key.Name);

    /// <summary>The shard of a ServiceKey; null if it is gone.</summary>
    public int? OfServiceKey(NamespacedName key) => caches.ServiceKeys.TryGet(key, out var resource) ? Of(resource) : null;

    /// <summary>The shard of a KeyReplica; null if it is gone.</summary>
    public int? OfKeyReplica(NamespacedName key) => caches.KeyReplicas.TryGet(key, out var resource) ? Of(resource) : null;

    /// <summary>The shard of a resource that cannot be read.</summary>
    public int OfUnreadable(NamespacedName key) => map.OfUnreadable(key.Namespace, key.Name);

    /// <summary>The shard of a ServiceKey or KeyReplica.</summary>
    public int Of(IKeyResource resource)
    {
        var recorded = CreateAttempt.StatusOf(resource);
        var isDeleting = resource.Metadata.DeletionTimestamp is not null;

        // Where a key is, or an attempt to create it was recorded, counts more than where the class would create it now. A resource that is being deleted
        // may have a key in the Region that its status names, although the key's id is lost.
        var hasPlace = isDeleting || recorded.KeyId is not null || CreateAttempt.Of(resource) is not null;
        var name = ClassNameOf(resource, hasPlace ? recorded.ClassName : null, isDeleting);
        var keyClass = classes.Find(name);
        var account = (hasPlace ? recorded.AccountId : null) ?? AccountOf(keyClass);
        var region = (hasPlace ? recorded.Region : null) ?? (resource is KeyReplica replica ? replica.Spec.Region : keyClass?.Spec.Region);
        return account is not null && region is not null ? map.OfPlace(account, region) : map.OfClass(name ?? keyClass?.Metadata.Name ?? "");
    }

    /// <summary>The account of a class's keys: the one of its role, or else the one that STS named for the operator's own credentials.</summary>
    private static string? AccountOf(KeyClass? keyClass) => keyClass switch
    {
        null => null,
        { Spec.Account.RoleArn: { } role } => RequestRateLimiter.AccountOf(new AwsAccess(role, null, "")),
        _ => keyClass.Status?.AccountId ?? keyClass.Spec.Account?.Id,
    };

    /// <summary>The class that a resource's reconcile goes by; null for the default class.</summary>
    private string? ClassNameOf(IKeyResource resource, string? recorded, bool isDeleting)
    {
        var (spec, inherited) = resource switch
        {
            KeyReplica { Spec.PrimaryRef: { } reference } replica when FindPrimary(replica, reference) is { } primary =>
                (primary.Spec.ClassName, primary.Status is { KeyId: not null } status ? status.ClassName : null),
            KeyReplica replica => (replica.Spec.ClassName, recorded),
            ServiceKey key => (key.Spec.ClassName, recorded),
            _ => (null, recorded),
        };
        return isDeleting ? recorded ?? spec : spec ?? inherited;
    }

    private ServiceKey? FindPrimary(KeyReplica replica, PrimaryRef reference) =>
        caches.ServiceKeys.TryGet(new NamespacedName(replica.Metadata.Namespace ?? "", reference.Name), out var primary) ? primary : null;
}
