using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Keys.Delete;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds.ServiceKeys;

/// <summary>The KeyReplicas of a ServiceKey: created and deleted as <c>spec.replicaRegions</c> says, and shown in its status.</summary>
internal sealed class OwnedReplicas(IKubernetesApi api, IResourceStore<KeyReplica> store, OperatorSettings settings)
{
    private const int PageSize = 500;

    /// <summary>The status rows of a ServiceKey's replicas, one for each Region; null for none.</summary>
    public IReadOnlyList<ReplicaStatus>? StatusOf(ServiceKey primary)
    {
        var rows = Of(primary)

            // Of two KeyReplicas in one Region the one that has the key, which the other cannot get.
            .GroupBy(replica => replica.Spec.Region)
            .Select(group => group
                .OrderByDescending(replica => replica.Status?.KeyId is not null)
                .ThenByDescending(replica => KeyReplicaResolver.IsOwnedBy(replica, primary))
                .First())
            .Select(replica => new ReplicaStatus
            {
                Region = replica.Spec.Region,
                Arn = replica.Status?.Arn,
                KeyState = replica.Status?.KeyState,
                Name = replica.Metadata.Name,
            })
            .ToArray();
        return rows.Length == 0 ? null : rows;
    }

    /// <summary>Whether a ServiceKey has KeyReplicas that the operator created for it.</summary>
    public bool HasOwn(ServiceKey primary) => Own(primary).Any();

    /// <summary>Whether there are KeyReplicas of Regions that are no longer listed. Before they go, it is looked at whether one of them has the primary.</summary>
    public bool HasUnlisted(ServiceKey primary) =>
        Own(primary).Any(replica => replica.Metadata.DeletionTimestamp is null && primary.Spec.ReplicaRegions?.Contains(replica.Spec.Region) != true);

    /// <summary>
    /// The Region of the KeyReplica that shows its key as the primary; else that in which a KeyReplica that waits sees the primary: it may wait for the ServiceKey, whose next
    /// comparison may be hours away. Null for none.
    /// </summary>
    public string? FindPrimaryRegion(ServiceKey primary)
    {
        var statuses = Of(primary).Select(replica => replica.Status).OfType<KeyStatus>().Where(status => status.KeyId is not null && status.KeyId == primary.Status?.KeyId).ToArray();
        return (statuses.FirstOrDefault(status => status.MultiRegionKeyType == "PRIMARY")
            ?? statuses.FirstOrDefault(status => ResourceConditions.Find(status.Conditions, ConditionTypes.Ready) is { Status: "False", Reason: Reasons.Progressing }))?.PrimaryRegion;
    }

    /// <summary>The ServiceKey's own KeyReplica that has the primary; null for none.</summary>
    /// <param name="primary">The ServiceKey.</param>
    /// <param name="region">Where the primary is; null where that is not known but from the KeyReplicas.</param>
    public KeyReplica? FindPrimary(ServiceKey primary, string? region) => Own(primary).FirstOrDefault(
        replica => region is null ? replica.Status?.MultiRegionKeyType == "PRIMARY" : replica.Spec.Region == region);

    /// <summary>Creates the KeyReplicas that are missing, and deletes those whose Region is no longer listed.</summary>
    /// <param name="primary">The ServiceKey. It has a key and its spec is valid.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Why not all replicas are ready; null when they are.</returns>
    public async Task<ReconcileError?> ReconcileAsync(ServiceKey primary, KeyClass keyClass, CancellationToken cancellationToken)
    {
        var wanted = primary.Spec.ReplicaRegions ?? [];
        var errors = new List<ReconcileError?>();
        foreach (var replica in Own(primary).Where(replica => !wanted.Contains(replica.Spec.Region)))
        {
            errors.Add(await RemoveAsync(primary, replica, cancellationToken));
        }

        foreach (var region in wanted.Order(StringComparer.Ordinal))
        {
            errors.Add(await EnsureAsync(primary, keyClass, region, cancellationToken));
        }

        // An error that needs a person is shown first.
        return errors.OfType<ReconcileError>().OrderByDescending(error => error.IsTerminal).FirstOrDefault();
    }

    /// <summary>Requests a comparison with AWS of the ServiceKey's own KeyReplicas, by their annotation.</summary>
    /// <returns>Why one of them could not be annotated; null when all are.</returns>
    public async Task<ReconcileError?> RequestReconcileAsync(ServiceKey primary, string reconcileAt, CancellationToken cancellationToken)
    {
        ReconcileError? refused = null;
        foreach (var replica in Own(primary).Where(replica => replica.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt) != reconcileAt))
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = reconcileAt } } };
            try
            {
                await api.MergePatchAsync(ResourceTypes.KeyReplicas, NamespacedName.Of(replica), patch, null, cancellationToken);
            }
            catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
            {
                refused = Refused(replica.Metadata.Name, e);
            }
        }

        return refused;
    }

    /// <summary>Whether the server has KeyReplicas that refer to a ServiceKey, whatever the cache says.</summary>
    /// <param name="primary">The ServiceKey.</param>
    /// <param name="last">A KeyReplica that does not count; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<bool> ExistOnServerAsync(ServiceKey primary, KeyReplica? last, CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var page = await api.ListPageAsync(ResourceTypes.KeyReplicas, primary.Metadata.Namespace, PageSize, token, cancellationToken);
            if (page.Items.Any(replica => replica.Spec.PrimaryRef?.Name == primary.Metadata.Name && replica.Metadata.Uid != last?.Metadata.Uid))
            {
                return true;
            }

            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));

        return false;
    }

    /// <summary>Deletes the ServiceKey's own KeyReplicas, before its key is deleted.</summary>
    /// <param name="primary">The ServiceKey.</param>
    /// <param name="deletesKey">Whether its key is deleted as well.</param>
    /// <param name="last">The KeyReplica that has the primary, which goes after all other keys; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What remains; null when no KeyReplica stands in the way any more.</returns>
    public async Task<ReconcileError?> DeleteAllAsync(ServiceKey primary, bool deletesKey, KeyReplica? last, CancellationToken cancellationToken)
    {
        var own = Own(primary).Where(replica => replica.Metadata.Uid != last?.Metadata.Uid).ToArray();
        foreach (var replica in own)
        {
            await DeleteAsync(replica, cancellationToken);
        }

        if (own.Length > 0)
        {
            // A KeyReplica that needs a person makes its ServiceKey need one.
            var stalled = own.Select(replica => (replica.Metadata.Name, Stalled: FindStalled(replica))).FirstOrDefault(replica => replica.Stalled is not null);
            return stalled.Stalled is { } reason
                ? ReconcileError.Terminal(Reasons.ReplicasRemain, $"The replicas have to go first, and KeyReplica {stalled.Name} does not: {reason.Reason}: {reason.Message}")
                : ReconcileError.Transient(Reasons.ReplicasRemain, $"Waiting for the replicas to go first: {Names(own)}.");
        }

        // A retained key stays a primary, and the KeyReplicas of other people lose nothing.
        return deletesKey && Of(primary).Where(replica => replica.Metadata.Uid != last?.Metadata.Uid).ToArray() is { Length: > 0 } others
            ? ReconcileError.Terminal(
                Reasons.ReplicasRemain,
                $"KeyReplicas that this resource did not create still depend on the key: {Names(others)}. Delete them first, or set spec.deletionPolicy: Retain.")
            : null;
    }

    /// <summary>All KeyReplicas that refer to a ServiceKey, those of the operator and those of people.</summary>
    private IReadOnlyList<KeyReplica> Of(ServiceKey primary) =>
    [
        .. store.List(NamespacedName.Of(primary).Namespace)
            .Where(replica => replica.Spec.PrimaryRef?.Name == primary.Metadata.Name)
            .OrderBy(replica => replica.Spec.Region, StringComparer.Ordinal)
            .ThenBy(replica => replica.Metadata.Name, StringComparer.Ordinal),
    ];

    private IEnumerable<KeyReplica> Own(ServiceKey primary) => Of(primary).Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary));

    /// <summary>Deletes a KeyReplica whose Region is no longer listed. That cannot be undone, so what protects its key is asked before.</summary>
    private async Task<ReconcileError?> RemoveAsync(ServiceKey primary, KeyReplica replica, CancellationToken cancellationToken)
    {
        if (FindPrimaryThere(primary, replica) is { } inUse)
        {
            return inUse;
        }

        if (replica is { Metadata.DeletionTimestamp: null, Status: { KeyId: not null, DeletionPolicy: DeletionPolicies.Delete } }
            && !KeyReplicaResolver.IsObserveOnly(replica, primary)
            && DeletionGuard.FindProtection(replica.Status.Arn, replica, primary) is { } protection)
        {
            return protection with { Message = $"spec.replicaRegions: {replica.Spec.Region} is no longer listed, but {protection.Message}" };
        }

        await DeleteAsync(replica, cancellationToken);
        return null;
    }

    /// <summary>The key of a Region that is no longer listed is not let go while it is the primary.</summary>
    private static ReconcileError? FindPrimaryThere(ServiceKey primary, KeyReplica replica)
    {
        var region = replica.Spec.Region;
        if (primary.Status?.PrimaryRegion != region && replica.Status?.MultiRegionKeyType != "PRIMARY")
        {
            return null;
        }

        var message = $"spec.replicaRegions: {region} is no longer listed, but {replica.Status?.Arn ?? "the key there"} is the primary now, so it stays.";
        return primary.Spec.PrimaryRegion is { } elsewhere && elsewhere != region
            ? ReconcileError.Transient(Reasons.Progressing, $"{message} It goes once the primary is in {elsewhere}.")
            : ReconcileError.Terminal(Reasons.ReplicaConflict, $"{message} Put {region} back, or set spec.primaryRegion to another Region to move the primary away first.");
    }

    private async Task<ReconcileError?> EnsureAsync(ServiceKey primary, KeyClass keyClass, string region, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(NamespacedName.Of(primary).Namespace, ReplicaNames.Of(primary.Metadata.Name, region));
        if (!store.TryGet(key, out var replica))
        {
            try
            {
                await api.CreateAsync(ResourceTypes.KeyReplicas, Make(primary, region), cancellationToken);
            }
            catch (KubernetesApiException e) when (e.IsConflict)
            {
                // The cache is behind; the watch brings the KeyReplica that exists.
            }
            catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
            {
                return Refused(key.Name, e);
            }

            return ReconcileError.Transient(Reasons.Progressing, $"KeyReplica {key.Name} is being created.");
        }

        if (!KeyReplicaResolver.IsOwnedBy(replica, primary))
        {
            return ReconcileError.Terminal(
                Reasons.ReplicaConflict,
                $"spec.replicaRegions: KeyReplica {key.Name} exists already and is not this resource's. Delete or rename it, or remove {region} from the list.");
        }

        if (replica.Metadata.DeletionTimestamp is not null || !ResourceConditions.IsReady(replica.Status?.Conditions, replica.Metadata.Generation))
        {
            var ready = ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Ready);
            var message = $"KeyReplica {key.Name} is not ready: {ready?.Reason ?? "not reconciled yet"}{(ready is null ? "" : $": {ready.Message}")}";
            return FindStalled(replica) is { } stalled && replica.Metadata.DeletionTimestamp is null
                ? ReconcileError.Terminal(stalled.Reason, message)
                : ReconcileError.Transient(Reasons.Progressing, message);
        }

        // Ready is about the KeyReplica's own spec. It also depends on the specs of the ServiceKey and the class, of which its generation says nothing.
        return KeyReplicaResolver.Resolve(replica, primary, refusal: null, keyClass, keyClass.Status!.AccountId!, settings.ClusterId).Value is { } wanted
            && replica.Status?.DesiredSha256 == DesiredStateHash.Compute(wanted)
            ? null
            : ReconcileError.Transient(Reasons.Progressing, $"KeyReplica {key.Name} is not yet what this resource and KeyClass {keyClass.Metadata.Name} say now.");
    }

    private async Task DeleteAsync(KeyReplica replica, CancellationToken cancellationToken)
    {
        if (replica.Metadata.DeletionTimestamp is null)
        {
            await api.DeleteAsync(ResourceTypes.KeyReplicas, NamespacedName.Of(replica), replica.Metadata.Uid, null, cancellationToken);
        }
    }

    private static ReconcileError Refused(string name, KubernetesApiException e) =>
        ReconcileError.Terminal(Reasons.ReplicaConflict, $"spec.replicaRegions: the API server refuses KeyReplica {name}: {e.Message} The operator tries again.");

    private static Condition? FindStalled(KeyReplica replica) =>
        ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Stalled) is { } stalled && stalled.ObservedGeneration == replica.Metadata.Generation
            ? stalled
            : null;

    private static KeyReplica Make(ServiceKey primary, string region) => new()
    {
        Metadata = new ObjectMeta
        {
            Namespace = primary.Metadata.Namespace,
            Name = ReplicaNames.Of(primary.Metadata.Name, region),
            OwnerReferences =
            [
                new OwnerReference
                {
                    ApiVersion = ApiGroup.ApiVersion,
                    Kind = ServiceKey.KindName,
                    Name = primary.Metadata.Name,
                    Uid = primary.Metadata.Uid ?? "",
                    Controller = true,
                    BlockOwnerDeletion = true,
                },
            ],
        },
        Spec = new KeyReplicaSpec { PrimaryRef = new PrimaryRef { Name = primary.Metadata.Name }, Region = region },
    };

    private static string Names(IEnumerable<KeyReplica> replicas) => string.Join(", ", replicas.Select(replica => replica.Metadata.Name));
}
