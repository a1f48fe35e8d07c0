using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.Simulation.Worlds;

/// <summary>The cluster's objects as the API server has them.</summary>
internal sealed class ClusterTruth(InMemoryApiServer server)
{
    private readonly Dictionary<StoredObject, IResource> _read = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<ServiceKey> ServiceKeys => List(ResourceTypes.ServiceKeys);

    public IReadOnlyList<KeyReplica> KeyReplicas => List(ResourceTypes.KeyReplicas);

    public IReadOnlyList<KeyClass> Classes => List(ResourceTypes.KeyClasses);

    /// <summary>All resources that have a key.</summary>
    public IEnumerable<IKeyResource> Resources => ServiceKeys.Cast<IKeyResource>().Concat(KeyReplicas);

    /// <summary>The holder of a lease; empty when nobody has it.</summary>
    public string HolderOf(string lease) => List(BuiltInTypes.Leases).FirstOrDefault(found => found.Metadata.Name == lease)?.Spec.HolderIdentity ?? "";

    /// <summary><c>{kind}/{namespace}/{name}</c>, as the owner tag has it.</summary>
    public static string PathOf(IKeyResource resource) => $"{resource.Kind}/{resource.Metadata.Namespace}/{resource.Metadata.Name}";

    /// <summary>A resource by its path.</summary>
    public IKeyResource? Find(string path) => Resources.FirstOrDefault(resource => PathOf(resource) == path);

    /// <summary>Whether the resource of a path has adopted a key, as its status says.</summary>
    public bool HasAdopted(string? path, string keyId) =>
        Find(path ?? "") is { Adopt: not null, Status: { } status } && status.KeyId == keyId;

    /// <summary>The bytes of a Secret's only entry; null where there is no such Secret.</summary>
    public byte[]? MaterialIn(string @namespace, string name) =>
        List(BuiltInTypes.Secrets).FirstOrDefault(found => found.Metadata.Namespace == @namespace && found.Metadata.Name == name)?.Data?.Values.Single();

    /// <summary>The class of a ServiceKey.</summary>
    public KeyClass? ClassOf(ServiceKey resource) => (resource.Spec.ClassName ?? resource.Status?.ClassName) is { } name
        ? Classes.FirstOrDefault(keyClass => keyClass.Metadata.Name == name)
        : DefaultClasses.Of(Classes).FirstOrDefault();

    /// <summary>The Region of a ServiceKey's key, or where it is to be.</summary>
    public string RegionOf(ServiceKey resource) => resource.Status?.Region ?? ClassOf(resource)?.Spec.Region ?? StartingPoint.Home;

    /// <summary>Whether a ServiceKey's spec names another class than its key has: people changed it before the key was there, or while the status was lost.</summary>
    public static bool NamesAnotherClass(ServiceKey resource) => resource is { Spec.ClassName: { } named, Status.ClassName: { } recorded } && named != recorded;

    /// <summary>Whether a resource only observes its key, or is suspended. A KeyReplica does what its ServiceKey does.</summary>
    public bool IsPassive(IKeyResource resource) => resource switch
    {
        ServiceKey key => key.Spec.Suspend == true || key.Spec.ManagementPolicy == ManagementPolicies.Observe,
        KeyReplica replica => replica.Spec.Suspend == true || replica.Spec.ManagementPolicy == ManagementPolicies.Observe || (PrimaryOf(replica) is { } primary && IsPassive(primary)),
        _ => false,
    };

    /// <summary>Namespaces that are being deleted.</summary>
    public IEnumerable<string> TerminatingNamespaces => List(BuiltInTypes.Namespaces).Where(found => found.Metadata.DeletionTimestamp is not null).Select(found => found.Metadata.Name!);

    /// <summary>Whether the class that a resource's key was made with is gone.</summary>
    public bool IsClassOfKeyGone(IKeyResource resource)
    {
        var primary = resource is KeyReplica replica ? PrimaryOf(replica) : null;
        var name = CreateAttempt.StatusOf(resource).ClassName ?? (resource as ServiceKey)?.Spec.ClassName ?? (resource as KeyReplica)?.Spec.ClassName ?? primary?.Status?.ClassName ?? primary?.Spec.ClassName;
        return name is null ? !DefaultClasses.Of(Classes).Any() : Classes.All(keyClass => keyClass.Metadata.Name != name);
    }

    /// <summary>Whether the class of a resource's key leads to another account, so that the operator has no credentials for the key.</summary>
    public bool IsAccountOfKeyLeft(IKeyResource resource)
    {
        var status = CreateAttempt.StatusOf(resource);
        return status is { ClassName: { } name, AccountId: { } accountId }
            && Classes.FirstOrDefault(keyClass => keyClass.Metadata.Name == name) is { Spec.Region: { } region } && KmsService.AccountOf(region) != accountId;
    }

    /// <summary>Whether deleting a resource is to delete its key, as everything is now.</summary>
    public bool WantsKeyDeleted(IKeyResource resource) => PolicyOf(resource) == DeletionPolicies.Delete;

    /// <summary>Whether an annotation forbids to delete the key of a resource, or nobody confirms it although the key was used.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="seenBy">Uses after that do not count: KMS says when a key was used last, and the operator asks before it marks the key.</param>
    public bool IsGuarded(IKeyResource resource, KeyTruth keys, DateTimeOffset seenBy)
    {
        var maker = resource is KeyReplica replica && PrimaryOf(replica) is { } primary && replica.Metadata.OwnerReferences?.Any(owner => owner.Uid == primary.Metadata.Uid) == true ? primary : null;
        bool Says(string name, string? value) => resource.Metadata.Annotations?.GetValueOrDefault(name) == value || (maker is not null && maker.Metadata.Annotations?.GetValueOrDefault(name) == value);
        return Says(AnnotationNames.DeletionProtection, "true")
            || keys.All.Any(key => ((key.KeyId == resource.Status?.KeyId && key.Region == resource.Status.Region) || KeyTruth.Tag(key, TagNames.Uid) == resource.Metadata.Uid)
                && key is { LastUsage: { } use } && use.Timestamp < seenBy && !Says(AnnotationNames.ConfirmDeletion, key.KeyId));
    }

    /// <summary>What deleting a resource is to do to its key, as everything is now.</summary>
    public string PolicyOf(IKeyResource resource) => resource switch
    {
        ServiceKey key => key.Spec.DeletionPolicy ?? ClassOf(key)?.Spec.DeletionPolicy ?? (ClassOf(key) is null ? key.Status?.DeletionPolicy : null),
        KeyReplica replica => replica.Spec.DeletionPolicy
            ?? (PrimaryOf(replica) is { } primary && IsOfOneKey(replica, primary) ? PolicyOf(primary) : replica.Status?.DeletionPolicy),
        _ => null,
    } ?? DeletionPolicies.Retain;

    /// <summary>The ServiceKey that a replica names.</summary>
    public ServiceKey? PrimaryOf(KeyReplica replica) => ServiceKeys.FirstOrDefault(
        key => key.Metadata.Namespace == replica.Metadata.Namespace && key.Metadata.Name == replica.Spec.PrimaryRef?.Name);

    /// <summary>Whether a ServiceKey has a replica's key. One that was made again under its name has another.</summary>
    private static bool IsOfOneKey(KeyReplica replica, ServiceKey primary) =>
        replica.Status?.KeyId is not { } keyId || primary.Status?.KeyId == keyId
        || replica.Metadata.OwnerReferences?.Any(owner => owner.Uid == primary.Metadata.Uid) == true;

    private List<T> List<T>(ResourceType<T> type)
        where T : class, IResource
    {
        var kind = server.Kinds.Find(type.Group, type.Version, type.Plural)!;
        var found = new List<T>();
        foreach (var stored in server.Store.Content.List(kind, null))
        {
            if (!_read.TryGetValue(stored, out var resource))
                _read[stored] = resource = JsonSerializer.Deserialize(stored.Utf8, type.Item)!;
            found.Add((T)resource);
        }

        return found;
    }
}
