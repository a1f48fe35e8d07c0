using KmsOperator.Api;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Ownership;

/// <summary>Says which other resource of the cluster has an alias or a key, by the statuses in the caches.</summary>
internal sealed class OwnershipIndex(IResourceStore<ServiceKey> keys, IResourceStore<KeyReplica> replicas, ClassDirectory classes)
{
    private const string ByAlias = "alias";
    private const string WithAdditionalAliases = "additional aliases";
    private const string WithFormerAliases = "former aliases";
    private const string ByKey = "key";
    private const string ByPrimary = "primary by ARN";
    private const string WithAttempt = "create attempt";
    private const string WithoutKey = "without key, by class";
    private const string WithAliasConflict = "alias conflict";

    /// <summary>Adds the indexes that this class needs to a store.</summary>
    public static ResourceStore<T> Index<T>(ResourceStore<T> store)
        where T : class, IKeyResource => store
        .AddIndex(ByAlias, resource => resource.Status is { KeyId: not null, AliasName: { } alias } status ? At(status.AccountId, status.Region, alias) : null)
        .AddIndex(
            WithAdditionalAliases,
            resource => resource.Status is { KeyId: not null, AdditionalAliases.Count: > 0 } status ? At(status.AccountId, status.Region, "") : null)
        .AddIndex(
            WithFormerAliases,
            resource => resource.Status is { KeyId: not null, FormerAliasNames.Count: > 0 } status ? At(status.AccountId, status.Region, "") : null)
        .AddIndex(ByKey, resource => resource.Status is { KeyId: { } keyId } status ? KeyAt(status.Region, keyId) : null)
        .AddIndex(ByPrimary, resource => resource is KeyReplica { Spec.PrimaryKeyArn: { } arn } ? arn[(arn.LastIndexOf('/') + 1)..] : null)
        .AddIndex(WithAttempt, resource => resource is ServiceKey && CreateAttempt.Of(resource) is not null ? "" : null)
        .AddIndex(WithoutKey, resource => resource is ServiceKey { Status: null or { KeyId: null } } key && CreateAttempt.Of(key) is null ? key.Spec.ClassName ?? "" : null)
        .AddIndex(
            WithAliasConflict,
            resource => ResourceConditions.Find(resource.Status?.Conditions, ConditionTypes.Ready) is { Status: "False", Reason: Reasons.AliasConflict } ? "" : null);

    /// <summary>Another resource whose key has the alias on record.</summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>, or null.</returns>
    public string? FindAliasHolder(KeyLocation location, string aliasName, string uid)
    {
        bool HasIt(IKeyResource other) => other.Metadata.Uid != uid && other.Status?.AdditionalAliases?.Contains(aliasName) == true;
        var place = At(location.AccountId, location.Region, "");
        return Find(ByAlias, At(location.AccountId, location.Region, aliasName), uid)
            ?? (keys.ListByIndex(WithAdditionalAliases, place).FirstOrDefault(HasIt) is { } key ? Path(ServiceKey.KindName, key)
                : replicas.ListByIndex(WithAdditionalAliases, place).FirstOrDefault(HasIt) is { } replica ? Path(KeyReplica.KindName, replica)
                : null);
    }

    /// <summary>Whether another resource has an alias on record that its key had or was about to get.</summary>
    public bool HadAlias(KeyLocation location, string aliasName, string uid)
    {
        bool HadIt(IKeyResource other) => other.Metadata.Uid != uid && other.Status!.FormerAliasNames!.Contains(aliasName);
        var place = At(location.AccountId, location.Region, "");
        return keys.ListByIndex(WithFormerAliases, place).Any(HadIt) || replicas.ListByIndex(WithFormerAliases, place).Any(HadIt);
    }

    /// <summary>Another resource that has the key. A key id is of one account, whatever account a status names that somebody has changed.</summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>, or null.</returns>
    public string? FindKeyHolder(string region, string keyId, string uid) => Find(ByKey, KeyAt(region, keyId), uid);

    /// <summary>A ServiceKey that meets a condition. All are looked at.</summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>, or null.</returns>
    public string? FindServiceKey(Func<ServiceKey, bool> condition) => keys.List().FirstOrDefault(condition) is { } found ? Path(ServiceKey.KindName, found) : null;

    /// <summary>The Regions of the KeyReplicas that name a key as their primary by its ARN, in whatever Region the primary is.</summary>
    public IEnumerable<string> RegionsOfReplicasByArn(string keyId) => replicas.ListByIndex(ByPrimary, keyId).Select(replica => replica.Spec.Region);

    /// <summary>All resources that have a key on record.</summary>
    public IReadOnlyList<IKeyResource> KeyHolders(string region, string keyId)
    {
        var value = KeyAt(region, keyId);
        return [.. keys.ListByIndex(ByKey, value), .. replicas.ListByIndex(ByKey, value)];
    }

    /// <summary>All resources whose key has an alias on record.</summary>
    public IReadOnlyList<IKeyResource> AliasHolders(KeyLocation location, string aliasName)
    {
        var (value, place) = (At(location.AccountId, location.Region, aliasName), At(location.AccountId, location.Region, ""));
        bool HasIt(IKeyResource other) => other.Status?.AdditionalAliases?.Contains(aliasName) == true;
        return
        [
            .. keys.ListByIndex(ByAlias, value), .. replicas.ListByIndex(ByAlias, value),
            .. keys.ListByIndex(WithAdditionalAliases, place).Where(HasIt), .. replicas.ListByIndex(WithAdditionalAliases, place).Where(HasIt),
        ];
    }

    /// <summary>The aliases that a ServiceKey was to get before a change, and is not to get after it: its spec has changed, it is gone, or it gets no key. It need not have had them.</summary>
    /// <param name="old">The ServiceKey before; null where it is new.</param>
    /// <param name="now">The ServiceKey after; null where it is gone.</param>
    /// <returns>Null for none.</returns>
    public AliasesLost? FindGivenUp(ServiceKey? old, ServiceKey? now)
    {
        if (old is null || (now is not null && old.Metadata.Generation == now.Metadata.Generation && GetsNoKey(old) == GetsNoKey(now)) || ClassOf(old) is not { } keyClass)
        {
            return null;
        }

        var stillWanted = now is not null && (now.Status?.KeyId is not null || !GetsNoKey(now)) && ClassOf(now) is { } nowClass && RegionOf(now, nowClass) == RegionOf(old, keyClass)
            ? WantedBy(now, nowClass)
            : [];
        string[] names = [.. WantedBy(old, keyClass).Except(stillWanted)];
        return names.Length == 0 ? null : new AliasesLost(RegionOf(old, keyClass), names);
    }

    /// <summary>The ServiceKeys that say in <c>Ready</c> that they do not get an alias, and want one of these.</summary>
    public IEnumerable<ServiceKey> ServiceKeysThatWaitFor(AliasesLost lost) => keys.ListByIndex(WithAliasConflict, "").Where(other =>
        ClassOf(other) is { } keyClass && RegionOf(other, keyClass) == lost.Region && WantedBy(other, keyClass).Any(lost.Names.Contains));

    /// <summary>The KeyReplicas that say so. Where the spec names no alias, that is the primary's, and they count as well.</summary>
    public IEnumerable<KeyReplica> KeyReplicasThatWaitFor(AliasesLost lost) => replicas.ListByIndex(WithAliasConflict, "").Where(other =>
        other.Spec.Region == lost.Region
        && (other.Spec.Alias is null || lost.Names.Contains(other.Spec.Alias) || other.Spec.AdditionalAliases?.Any(lost.Names.Contains) == true));

    /// <summary>Whether the cluster still has the resource with that uid.</summary>
    public bool Exists(KeyOwner owner)
    {
        var key = new NamespacedName(owner.Namespace, owner.Name);
        return owner.Kind == ServiceKey.KindName
            ? keys.TryGet(key, out var serviceKey) && serviceKey.Metadata.Uid == owner.Uid
            : replicas.TryGet(key, out var replica) && replica.Metadata.Uid == owner.Uid;
    }

    /// <summary>
    /// For a ServiceKey without a key and without a pending create: another ServiceKey without a key that gets an alias before it. That is one
    /// with a pending create, else an older one. A resource that is stalled without a key does not count, so that nobody can block a name with
    /// a resource that gets no key.
    /// </summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>, or null.</returns>
    public string? FindEarlier(KeyLocation location, string aliasName, ServiceKey resource)
    {
        var creating = keys.ListByIndex(WithAttempt, "").FirstOrDefault(other => other.Metadata.Uid != resource.Metadata.Uid && IsMadeAt(location, aliasName, other));
        var earlier = creating ?? classes.At(location)
            .SelectMany(Waiting, (keyClass, other) => (Class: keyClass, Other: other))
            .FirstOrDefault(one => one.Other.Metadata.Uid != resource.Metadata.Uid && IsOlder(one.Other, resource) && !GetsNoKey(one.Other) && WantedBy(one.Other, one.Class).Contains(aliasName))
            .Other;
        return earlier is null ? null : Path(ServiceKey.KindName, earlier);
    }

    /// <summary>Whether a pending create is to make a key with an alias in that place.</summary>
    private bool IsMadeAt(KeyLocation location, string aliasName, ServiceKey creating)
    {
        var status = CreateAttempt.StatusOf(creating);
        return classes.Find(status.ClassName ?? creating.Spec.ClassName) is { } keyClass
            && (status.Region ?? keyClass.Spec.Region) == location.Region
            && (status.AccountId ?? keyClass.Status?.AccountId) == location.AccountId
            && WantedBy(creating, keyClass).Contains(aliasName);
    }

    /// <summary>The ServiceKeys of a class that have no key and no pending create.</summary>
    private IEnumerable<ServiceKey> Waiting(KeyClass keyClass) =>
        keys.ListByIndex(WithoutKey, keyClass.Metadata.Name).Concat(keyClass.Metadata.Name == classes.Default?.Metadata.Name ? keys.ListByIndex(WithoutKey, "") : []);

    /// <summary>
    /// What is on record of a ServiceKey that has a key, or may have one. The status of another one can name a class and a Region as well: those of an attempt that made no key.
    /// </summary>
    private static KeyStatus? RecordOf(ServiceKey resource) =>
        resource.Status?.KeyId is not null || Finalizers.Has(resource, ApiGroup.Finalizer) || CreateAttempt.Of(resource) is not null ? CreateAttempt.StatusOf(resource) : null;

    private KeyClass? ClassOf(ServiceKey resource) => classes.Find(RecordOf(resource)?.ClassName ?? resource.Spec.ClassName);

    /// <summary>Where a ServiceKey's key is or is being made, also where its class leads elsewhere by now; else where its class leads.</summary>
    private static string RegionOf(ServiceKey resource, KeyClass keyClass) => RecordOf(resource)?.Region ?? keyClass.Spec.Region;

    private static IEnumerable<string> WantedBy(ServiceKey resource, KeyClass keyClass) => [ServiceKeyResolver.AliasOf(resource, keyClass), .. resource.Spec.AdditionalAliases ?? []];

    private static bool IsOlder(ServiceKey other, ServiceKey resource) =>
        (other.Metadata.CreationTimestamp, other.Metadata.Uid).CompareTo((resource.Metadata.CreationTimestamp, resource.Metadata.Uid)) < 0;

    private static bool GetsNoKey(ServiceKey other) =>
        other.Spec.Suspend == true
        || other.Metadata.DeletionTimestamp is not null
        || other.Spec.ManagementPolicy == ManagementPolicies.Observe
        || ResourceConditions.Find(other.Status?.Conditions, ConditionTypes.Stalled) is not null;

    private string? Find(string index, string value, string uid) =>
        Find(keys, ServiceKey.KindName, index, value, uid) ?? Find(replicas, KeyReplica.KindName, index, value, uid);

    private static string? Find<T>(IResourceStore<T> store, string kind, string index, string value, string uid)
        where T : class, IKeyResource =>
        store.ListByIndex(index, value).FirstOrDefault(other => other.Metadata.Uid != uid) is { } holder ? Path(kind, holder) : null;

    private static string KeyAt(string? region, string keyId) => $"{region} {keyId}";

    private static string At(string? accountId, string? region, string name) => $"{accountId} {region} {name}";

    private static string Path(string kind, IKeyResource resource) => KeyOwner.PathOf(kind, resource.Metadata.Namespace, resource.Metadata.Name);
}
