using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys;
using KmsOperator.Keys.Accounts;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Create;
using KmsOperator.Keys.Delete;
using KmsOperator.Keys.Material;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Rotate;
using KmsOperator.Keys.Update;
using KmsOperator.Kinds;
using KmsOperator.Kinds.KeyClasses;
using KmsOperator.Kinds.KeyReplicas;
using KmsOperator.Kinds.ServiceKeys;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Publishing;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Hosting;

/// <summary>Puts the reconcilers together: for <c>run</c>, which calls them on events, and for <c>plan</c>, which calls them once and lets them write nothing.</summary>
internal static class ReconcilerComposition
{
    /// <summary>What the reconcilers of all kinds share.</summary>
    public static ReconcilerServices Create(
        IKubernetesApi api,
        IEventRecorder events,
        ResourceCaches caches,
        AwsClients clients,
        OperatorSettings settings,
        int workers,
        TimeProvider time,
        Random random,
        NewAttemptId newAttemptId,
        OperatorMetrics metrics,
        ILoggerFactory loggers,
        IWriteFence? fence = null)
    {
        var regions = new RegionalClientFactory(clients, time, settings.ConsistencyWindow);
        var accounts = new AccountCheck(regions);
        var classes = new ClassDirectory(caches.KeyClasses, caches.Namespaces);
        var reservations = new AliasReservations();
        var index = new OwnershipIndex(caches.ServiceKeys, caches.KeyReplicas, classes);
        var cache = new ReconcileCache();
        var ownership = new OwnershipCheck(index, reservations, cache);
        var statusKeys = new StatusKeyCheck(index, settings);
        var schedule = new ComparisonSchedule(settings, random);
        var ownerTags = new OwnerTagRepair(settings);
        var recovery = new PendingCreateRecovery(settings);
        var creation = new KeyCreation(regions, recovery, new KeyAdoption(ownership, cache.Deletions), ownership, new StatusSchemaCheck(), settings, newAttemptId);
        var reader = new KeyReader(ownerTags, ownership, schedule, settings, time);
        var execution = new PlanExecution(new PrimaryMove(api, ResourceTypes.ServiceKeys, ResourceTypes.KeyReplicas, regions), settings, metrics);
        var update = new KeyUpdate(execution, new KeyRotation(regions, settings), new SecretMaterials(api, settings), ownership, schedule, settings, loggers.CreateLogger<KeyUpdate>());
        var retention = new KeyRetention(index, settings, loggers.CreateLogger<KeyRetention>());
        var scheduled = new ScheduledDeletion(regions, index, ownerTags, retention, settings, loggers.CreateLogger<ScheduledDeletion>());
        return new ReconcilerServices(
            api, events, time, random, settings, workers, caches, classes, regions, accounts,
            new KeyReconciler(regions, accounts, statusKeys, ownership, creation, reader, update, schedule, settings),
            new KeyDeletion(regions, accounts, statusKeys, ownerTags, recovery, scheduled, retention, cache, settings),
            ownership, reservations, cache, new Publisher(api, new PublicKeys(regions)), fence);
    }

    /// <summary>All kinds.</summary>
    public static KindRegistration[] Register(ReconcilerServices services) =>
    [
        KeyClassRegistration.Create(services),
        ServiceKeyRegistration.Create(services),
        KeyReplicaRegistration.Create(services),
    ];

    /// <summary>The resources of all kinds that cannot be read.</summary>
    public static KindRegistration[] RegisterUnreadable(ReconcilerServices services, ILoggerFactory loggers) =>
    [
        UnreadableRegistration.Create(services, ResourceTypes.KeyClasses, services.Caches.KeyClasses, loggers),
        UnreadableRegistration.Create(services, ResourceTypes.ServiceKeys, services.Caches.ServiceKeys, loggers),
        UnreadableRegistration.Create(services, ResourceTypes.KeyReplicas, services.Caches.KeyReplicas, loggers),
    ];
}
