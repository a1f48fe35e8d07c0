using KmsOperator.Api;
using KmsOperator.Keys;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds.ServiceKeys;

/// <summary>What makes the operator reconcile a ServiceKey: a change of itself, of its class, of its namespace or of its replicas.</summary>
internal static class ServiceKeyRegistration
{
    // While several replicas are being created, the ServiceKey shows their progress this often.
    private static readonly TimeSpan ReplicaProgressPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Registers the kind.</summary>
    public static KindRegistration Create(ReconcilerServices services)
    {
        var caches = services.Caches;
        var queue = services.NewKeyQueue(key => ClassOf(caches.ServiceKeys, key), ShardOf);
        return new KindRegistration(
            "servicekey",
            queue,
            services.NewReconciler(ShardOf, NewReconciler),
            () =>
            {
                caches.ServiceKeys.Subscribe(OnServiceKey);
                caches.KeyClasses.Subscribe(OnKeyClass);
                caches.Namespaces.Subscribe(OnNamespace);
                caches.KeyReplicas.Subscribe(OnKeyReplica);
            },
            () => caches.ServiceKeys.List().Select(NamespacedName.Of));

        static int? ShardOf(ResourceShards shards, NamespacedName key) => shards.OfServiceKey(key);

        void OnServiceKey(ResourceChange<ServiceKey> change)
        {
            services.Track(change);
            if (change.NeedsReconcile() || services.HasMoved(change))
            {
                queue.Add(change.Key);
            }

            AddWaiting(change.FindLostAliases());
            AddWaiting(services.GiveUpAliases(change));
        }

        void OnKeyClass(ResourceChange<KeyClass> change)
        {
            var classChange = new ClassChange(change);
            foreach (var key in caches.ServiceKeys.List().Where(key => classChange.Concerns(key.Spec.ClassName, key.Status)))
            {
                queue.Add(NamespacedName.Of(key));
            }
        }

        void OnNamespace(ResourceChange<Namespace> change)
        {
            foreach (var key in change.ConcernsItsResources() ? caches.ServiceKeys.List(change.Key.Name) : [])
            {
                queue.Add(NamespacedName.Of(key));
            }
        }

        void AddWaiting(AliasesLost? lost)
        {
            foreach (var key in lost is null ? [] : services.Ownership.ServiceKeysThatWaitFor(lost).ToArray())
            {
                queue.Add(NamespacedName.Of(key));
            }
        }

        void OnKeyReplica(ResourceChange<KeyReplica> change)
        {
            AddWaiting(change.FindLostAliases());
            if (change.Resource.Spec.PrimaryRef is not { } primary || (change is { Old: { } before, New: { } now } && RowOf(before) == RowOf(now)))
            {
                return;
            }

            // Twelve replicas that become ready one after the other must not cost twelve reconciles of their primary. But a replica whose spec
            // has changed is not ready from now on, and its primary says so at once.
            var key = new NamespacedName(change.Key.Namespace, primary.Name);
            var isEdited = change is { Old: { } old, New: { } edited } && old.Metadata.Generation != edited.Metadata.Generation;
            if (!isEdited && caches.KeyReplicas.List(change.Key.Namespace).Any(other => other.Spec.PrimaryRef?.Name == primary.Name && IsInProgress(other)))
            {
                queue.AddAfter(key, ReplicaProgressPeriod);
            }
            else
            {
                queue.Add(key);
            }
        }
    }

    private static ResourceReconciler<ServiceKey> NewReconciler(ReconcilerServices services)
    {
        var replicas = new OwnedReplicas(services.Api, services.Caches.KeyReplicas, services.Settings);
        var kind = new ServiceKeyReconciler(
            services.Api, services.Classes, services.Ownership, services.Keys, services.Deletion, replicas, services.Publisher, services.Settings);
        return new ResourceReconciler<ServiceKey>(
            services.Api, services.Events, services.Time, ResourceTypes.ServiceKeys, services.Caches.ServiceKeys, services.Classes, services.Cache, kind, services.Fence);
    }

    /// <summary>The class by which a ServiceKey is queued; empty for the default class, where no name says which that is.</summary>
    public static string ClassOf(IResourceStore<ServiceKey> store, NamespacedName key) =>
        store.TryGet(key, out var resource) ? resource.Status?.ClassName ?? resource.Spec.ClassName ?? "" : "";

    /// <summary>What a ServiceKey shows of its replica, or waits for.</summary>
    private static (long?, string?, string?, string?, string?, string?, string?, bool) RowOf(KeyReplica replica)
    {
        var ready = ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Ready);
        return (
            replica.Metadata.Generation, replica.Status?.Arn, replica.Status?.KeyState, ready?.Status, ready?.Reason, replica.Status?.DesiredSha256,
            replica.Status?.MultiRegionKeyType, replica.Metadata.DeletionTimestamp is not null);
    }

    private static bool IsInProgress(KeyReplica replica) =>
        replica.Metadata.DeletionTimestamp is not null
        || !(ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Ready) is { } ready
            && ready.ObservedGeneration == replica.Metadata.Generation
            && ready.Status == "True")
        && ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Stalled) is null;
}
