using KmsOperator.Api;
using KmsOperator.Keys;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kinds.ServiceKeys;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds.KeyReplicas;

/// <summary>What makes the operator reconcile a KeyReplica: a change of itself, of its primary, of its class or of its namespace.</summary>
internal static class KeyReplicaRegistration
{
    /// <summary>Registers the kind.</summary>
    public static KindRegistration Create(ReconcilerServices services)
    {
        var caches = services.Caches;
        var queue = services.NewKeyQueue(key => ClassOf(caches, key), ShardOf);
        return new KindRegistration(
            "keyreplica",
            queue,
            services.NewReconciler(ShardOf, NewReconciler),
            () =>
            {
                caches.KeyReplicas.Subscribe(OnKeyReplica);
                caches.ServiceKeys.Subscribe(OnServiceKey);
                caches.KeyClasses.Subscribe(OnKeyClass);
                caches.Namespaces.Subscribe(OnNamespace);
            },
            () => caches.KeyReplicas.List().Select(NamespacedName.Of));

        static int? ShardOf(ResourceShards shards, NamespacedName key) => shards.OfKeyReplica(key);

        void OnKeyReplica(ResourceChange<KeyReplica> change)
        {
            services.Track(change);
            if (change.NeedsReconcile() || services.HasMoved(change))
            {
                queue.Add(change.Key);
            }

            AddWaiting(change.FindLostAliases());
        }

        void OnServiceKey(ResourceChange<ServiceKey> change)
        {
            AddWaiting(change.FindLostAliases());
            AddWaiting(services.GiveUpAliases(change));

            // A replica inherits from its primary's spec, waits for its primary's key and alias, and shows where the primary is. What needs no reconcile has an old and a new state.
            if (change.NeedsReconcile() || KeyOf(change.Old!) != KeyOf(change.New!))
            {
                AddReplicasOf(change.Key);
            }
        }

        void OnKeyClass(ResourceChange<KeyClass> change)
        {
            var classChange = new ClassChange(change);
            foreach (var replica in caches.KeyReplicas.List())
            {
                // A replica of a ServiceKey uses the class of the ServiceKey.
                var concerned = replica.Spec.PrimaryRef is not { } primary
                    ? classChange.Concerns(replica.Spec.ClassName, replica.Status)
                    : caches.ServiceKeys.TryGet(new NamespacedName(NamespacedName.Of(replica).Namespace, primary.Name), out var key)
                        && classChange.Concerns(key.Spec.ClassName, key.Status);
                if (concerned)
                {
                    queue.Add(NamespacedName.Of(replica));
                }
            }
        }

        void OnNamespace(ResourceChange<Namespace> change)
        {
            foreach (var replica in change.ConcernsItsResources() ? caches.KeyReplicas.List(change.Key.Name) : [])
            {
                queue.Add(NamespacedName.Of(replica));
            }
        }

        void AddWaiting(AliasesLost? lost)
        {
            foreach (var replica in lost is null ? [] : services.Ownership.KeyReplicasThatWaitFor(lost).ToArray())
            {
                queue.Add(NamespacedName.Of(replica));
            }
        }

        void AddReplicasOf(NamespacedName primary)
        {
            foreach (var replica in caches.KeyReplicas.List(primary.Namespace).Where(replica => replica.Spec.PrimaryRef?.Name == primary.Name))
            {
                queue.Add(NamespacedName.Of(replica));
            }
        }
    }

    private static ResourceReconciler<KeyReplica> NewReconciler(ReconcilerServices services)
    {
        var caches = services.Caches;
        var kind = new KeyReplicaReconciler(
            services.Api, caches.ServiceKeys, services.Classes, new PrimaryResolver(services.Regions, services.Ownership, services.Settings), services.Keys, services.Deletion,
            services.Publisher, services.Settings);
        return new ResourceReconciler<KeyReplica>(
            services.Api, services.Events, services.Time, ResourceTypes.KeyReplicas, caches.KeyReplicas, services.Classes, services.Cache, kind, services.Fence);
    }

    private static (string?, string?, string?, string?) KeyOf(ServiceKey primary) =>
        (primary.Status?.KeyId, primary.Status?.KeyState, primary.Status?.PrimaryRegion, primary.Status?.AliasName);

    /// <summary>The class by which a KeyReplica is queued. A new one is queued with its primary.</summary>
    private static string ClassOf(ResourceCaches caches, NamespacedName key)
    {
        if (!caches.KeyReplicas.TryGet(key, out var replica))
        {
            return "";
        }

        return replica.Status?.ClassName
            ?? (replica.Spec.PrimaryRef is { } primary
                ? ServiceKeyRegistration.ClassOf(caches.ServiceKeys, new NamespacedName(key.Namespace, primary.Name))
                : replica.Spec.ClassName ?? "");
    }
}
