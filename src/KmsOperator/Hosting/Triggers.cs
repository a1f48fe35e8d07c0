using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator;

/// <summary>Says which resources to look at when something in the cluster changes.</summary>
internal sealed class Triggers(
    IResourceStore<KeyClass> classes,
    IResourceStore<Namespace> namespaces,
    IResourceStore<ServiceKey> keys,
    IResourceStore<KeyReplica> replicas,
    ReconcileCache cache,
    AliasReservations claims,
    TimeProvider time)
{
    /// <summary>KeyClasses to look at.</summary>
    public required WorkQueue<NamespacedName> ClassQueue { get; init; }

    /// <summary>ServiceKeys to look at.</summary>
    public required WorkQueue<NamespacedName> KeyQueue { get; init; }

    /// <summary>KeyReplicas to look at.</summary>
    public required WorkQueue<NamespacedName> ReplicaQueue { get; init; }

    /// <summary>Starts listening; everything that is there already counts as new.</summary>
    public void Subscribe()
    {
        classes.Subscribe(OnClass);
        namespaces.Subscribe(OnNamespace);
        keys.Subscribe(OnKey);
        replicas.Subscribe(OnReplica);
    }

    private void OnClass(ResourceChange<KeyClass> change)
    {
        if (IsWork(change))
        {
            ClassQueue.Add(change.Key);
            if (IsDefault(change.Old) || IsDefault(change.New))
            {
                // The others may have become, or ceased to be, one of several.
                foreach (var other in classes.List().Where(IsDefault))
                {
                    ClassQueue.Add(NamespacedName.Of(other));
                }
            }
        }

        foreach (var key in keys.List().Where(key => Uses(key.Spec.ClassName, key.Status, change.Key.Name)))
        {
            KeyQueue.Add(NamespacedName.Of(key));
            EnqueueReplicasOf(key);
        }

        foreach (var replica in replicas.List().Where(replica => replica.Spec.PrimaryRef is null && Uses(replica.Spec.ClassName, replica.Status, change.Key.Name)))
        {
            ReplicaQueue.Add(NamespacedName.Of(replica));
        }
    }

    private void OnNamespace(ResourceChange<Namespace> change)
    {
        // Labels say which classes may be used; a namespace that goes waits for nothing that a person may have meant to wait.
        if (change.Kind == ChangeKind.Deleted
            || (SameEntries(change.Old?.Metadata.Labels, change.New?.Metadata.Labels) && change.Old?.Metadata.DeletionTimestamp == change.New?.Metadata.DeletionTimestamp))
        {
            return;
        }

        foreach (var key in keys.List(change.Key.Name))
        {
            KeyQueue.Add(NamespacedName.Of(key));
        }

        foreach (var replica in replicas.List(change.Key.Name))
        {
            ReplicaQueue.Add(NamespacedName.Of(replica));
        }
    }

    private void OnKey(ResourceChange<ServiceKey> change)
    {
        Remember(change);
        var isWork = IsWork(change);
        if (isWork)
        {
            KeyQueue.Add(change.Key);
        }

        if (isWork || change.Old?.Status?.KeyId != change.New?.Status?.KeyId || change.Old?.Status?.KeyState != change.New?.Status?.KeyState)
        {
            EnqueueReplicasOf(change.Resource);
        }
    }

    private void OnReplica(ResourceChange<KeyReplica> change)
    {
        Remember(change);
        if (IsWork(change))
        {
            ReplicaQueue.Add(change.Key);
        }

        if (change.Resource.Spec.PrimaryRef is { } primary)
        {
            KeyQueue.Add(new NamespacedName(change.Key.Namespace, primary.Name));
        }
    }

    private void EnqueueReplicasOf(ServiceKey key)
    {
        foreach (var replica in replicas.List(key.Metadata.Namespace ?? "").Where(replica => replica.Spec.PrimaryRef?.Name == key.Metadata.Name))
        {
            ReplicaQueue.Add(NamespacedName.Of(replica));
        }
    }

    private void Remember<T>(ResourceChange<T> change)
        where T : class, IResource
    {
        if (change.Resource.Metadata.Uid is not { } uid)
        {
            return;
        }

        if (change.Kind == ChangeKind.Deleted)
        {
            cache.Forget(uid);
            claims.Release(uid);
        }
        else if (ReconcileAt(change.Old) != ReconcileAt(change.New))
        {
            cache.Of(uid).AskedAt = time.GetUtcNow();
        }
    }

    private static string? ReconcileAt(IResource? resource) => resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt);

    /// <summary>A change of status alone is mostly our own, and no reason to look again.</summary>
    private static bool IsWork<T>(ResourceChange<T> change)
        where T : class, IResource =>
        change.Old?.Metadata is not { } old || change.New?.Metadata is not { } now
        || old.Generation != now.Generation
        || old.DeletionTimestamp != now.DeletionTimestamp
        || (Finalizers.Has(change.Old, ApiGroup.Finalizer) && !Finalizers.Has(change.New, ApiGroup.Finalizer))
        || !SameEntries(old.Annotations, now.Annotations);

    private static bool Uses(string? specClassName, KeyStatus? status, string className) => (specClassName ?? status?.ClassName ?? className) == className;

    private static bool IsDefault(KeyClass? keyClass) => keyClass?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.IsDefaultClass) == "true";

    private static bool SameEntries(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left is null || left.All(entry => right!.TryGetValue(entry.Key, out var value) && value == entry.Value));
}
