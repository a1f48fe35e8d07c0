using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys;
using KmsOperator.Keys.Accounts;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Delete;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kubernetes;
using KmsOperator.Publishing;

namespace KmsOperator.Kinds;

/// <summary>What the kinds share, made once by the composition root.</summary>
/// <param name="Api">The API server.</param>
/// <param name="Events">Sends events.</param>
/// <param name="Time">The clock.</param>
/// <param name="Random">Spreads delays.</param>
/// <param name="Settings">What the command line says.</param>
/// <param name="Workers">Workers of each kind.</param>
/// <param name="Caches">What the watches brought.</param>
/// <param name="Classes">Finds the class of a resource.</param>
/// <param name="Regions">Clients for AWS.</param>
/// <param name="Accounts">Compares credentials with accounts.</param>
/// <param name="Keys">Reconciles keys.</param>
/// <param name="Deletion">Takes care of the keys of deleted resources.</param>
/// <param name="Ownership">Decides who owns an alias or a key.</param>
/// <param name="Reservations">Aliases of keys that are about to be created.</param>
/// <param name="Cache">What is remembered between reconciles.</param>
/// <param name="Publisher">Writes ConfigMaps.</param>
/// <param name="Fence">Whether this process may write; null if it always may.</param>
internal sealed record ReconcilerServices(
    IKubernetesApi Api,
    IEventRecorder Events,
    TimeProvider Time,
    Random Random,
    OperatorSettings Settings,
    int Workers,
    ResourceCaches Caches,
    ClassDirectory Classes,
    RegionalClientFactory Regions,
    AccountCheck Accounts,
    KeyReconciler Keys,
    KeyDeletion Deletion,
    OwnershipCheck Ownership,
    AliasReservations Reservations,
    ReconcileCache Cache,
    Publisher Publisher,
    IWriteFence? Fence = null)
{
    /// <summary>The shards that this instance holds; null if the work is not shared, and all resources are this instance's.</summary>
    public ShardTenures? Shards { get; init; }

    /// <summary>The reconciler of a kind. Where the work is shared, it is another one for each shard that this instance holds.</summary>
    /// <param name="shardOf">The shard of a resource; null if it is gone.</param>
    /// <param name="make">Makes the reconciler.</param>
    public IReconciler NewReconciler(Func<ResourceShards, NamespacedName, int?> shardOf, Func<ReconcilerServices, IReconciler> make) =>
        Shards is null ? make(this) : new ShardedReconciler(Shards, key => shardOf(Shards.Shards, key), make);

    /// <summary>Keeps what is remembered of a resource in step with it.</summary>
    public void Track<T>(ResourceChange<T> change)
        where T : class, IResource
    {
        foreach (var own in Shards?.Present.Select(tenure => tenure.Services) ?? [this])
        {
            change.Track(own.Cache, own.Reservations, Time);
        }
    }

    /// <summary>Releases the aliases that a ServiceKey was to get before a change, and is not to get after it.</summary>
    /// <returns>These aliases, for which others may have waited; null for none.</returns>
    public AliasesLost? GiveUpAliases(ResourceChange<ServiceKey> change)
    {
        if (Ownership.FindGivenUp(change.Old, change.New) is not { } lost)
        {
            return null;
        }

        foreach (var own in Shards?.Present.Select(tenure => tenure.Services) ?? [this])
        {
            own.Reservations.Release(change.Resource.Metadata.Uid!, lost);
        }

        return lost;
    }

    /// <summary>Whether a resource has to be reconciled because a change has brought it into another shard.</summary>
    public bool HasMoved<T>(ResourceChange<T> change)
        where T : class, IKeyResource => Shards?.HasMoved(change) == true;

    /// <summary>What a queue takes: only resources of the shards that this instance holds; null for all.</summary>
    /// <param name="shardOf">The shard of a resource; null if it is gone.</param>
    public Func<NamespacedName, bool>? OwnOnly(Func<ResourceShards, NamespacedName, int?> shardOf) =>
        Shards is null ? null : key => Shards.Find(shardOf(Shards.Shards, key)) is not null;

    /// <summary>
    /// A queue in which the resources of each KeyClass take turns with the others. A class is an account and its credentials, so its resources are
    /// throttled together and fail together. No class gets the last quarter of the workers: that an account does not answer is seen only
    /// after seconds.
    /// </summary>
    /// <param name="classOf">The class of a resource; empty where none is named.</param>
    /// <param name="shardOf">The shard of a resource; null if it is gone.</param>
    public WorkQueue<NamespacedName> NewKeyQueue(Func<NamespacedName, string> classOf, Func<ResourceShards, NamespacedName, int?> shardOf) =>
        new(Time, Random, flowOf: classOf, maxWorkersPerFlow: Workers - (Workers / 4), accepts: OwnOnly(shardOf));
}
