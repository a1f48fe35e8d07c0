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
    /// <summary>
    /// A queue in which the resources of each KeyClass take turns with the others. A class is an account and its credentials, so its resources are
    /// throttled together and fail together. No class gets the last quarter of the workers: that an account does not answer is seen only
    /// after seconds.
    /// </summary>
    /// <param name="classOf">The class of a resource; empty where none is named.</param>
    public WorkQueue<NamespacedName> NewKeyQueue(Func<NamespacedName, string> classOf) => new(Time, Random, flowOf: classOf, maxWorkersPerFlow: Workers - (Workers / 4));
}
