using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds.KeyClasses;

/// <summary>What makes the operator reconcile a KeyClass.</summary>
internal static class KeyClassRegistration
{
    /// <summary>Registers the kind.</summary>
    public static KindRegistration Create(ReconcilerServices services)
    {
        var store = services.Caches.KeyClasses;
        var queue = new WorkQueue<NamespacedName>(services.Time, services.Random, accepts: services.OwnOnly(ShardOf));
        return new KindRegistration(
            "keyclass",
            queue,
            services.NewReconciler(
                ShardOf, own => new KeyClassReconciler(own.Api, own.Events, own.Time, store, own.Classes, own.Accounts, own.Settings)),
            () => store.Subscribe(OnKeyClass),
            () => store.List().Select(NamespacedName.Of));

        static int? ShardOf(ResourceShards shards, NamespacedName key) => shards.OfKeyClass(key);

        void OnKeyClass(ResourceChange<KeyClass> change)
        {
            if (!change.NeedsReconcile())
            {
                return;
            }

            queue.Add(change.Key);
            if (IsDefault(change.Old) || IsDefault(change.New))
            {
                // Each of several default classes says so in an event, so the others are told when there is one more or one less.
                foreach (var other in DefaultClasses.Of(store.List()))
                {
                    queue.Add(NamespacedName.Of(other));
                }
            }
        }
    }

    private static bool IsDefault(KeyClass? keyClass) => keyClass is not null && DefaultClasses.IsMarked(keyClass);
}
