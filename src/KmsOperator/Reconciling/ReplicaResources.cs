using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>The KeyReplicas that belong to a ServiceKey: made, watched and deleted as <c>spec.replicaRegions</c> says.</summary>
internal sealed class ReplicaResources(IKubernetesApi api, ResourceType<KeyReplica> type, IResourceStore<KeyReplica> store, OperatorSettings settings)
{
    private const int PageSize = 500;

    /// <summary>Name of the KeyReplica that <c>spec.replicaRegions</c> makes for a Region.</summary>
    public static string NameFor(string primaryName, string region) => $"{primaryName}-{region}";

    /// <summary>All KeyReplicas of a ServiceKey, its own and those that people made.</summary>
    public IReadOnlyList<KeyReplica> Of(ServiceKey primary) =>
    [
        .. store.List(primary.Metadata.Namespace ?? "")
            .Where(replica => replica.Spec.PrimaryRef?.Name == primary.Metadata.Name)
            .OrderBy(replica => replica.Spec.Region, StringComparer.Ordinal)
            .ThenBy(replica => replica.Metadata.Name, StringComparer.Ordinal),
    ];

    /// <summary>The status rows of a ServiceKey's replicas, one a Region.</summary>
    public IReadOnlyList<ReplicaStatus>? StatusOf(ServiceKey primary)
    {
        var rows = Of(primary)

            // Of two in one Region the one that has the key, which the other cannot get.
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

    /// <summary>Whether a ServiceKey has KeyReplicas that it made.</summary>
    public bool HasOwn(ServiceKey primary) => Of(primary).Any(replica => KeyReplicaResolver.IsOwnedBy(replica, primary));

    /// <summary>Makes the KeyReplicas that are missing and deletes those whose Region is no longer listed.</summary>
    /// <param name="primary">The ServiceKey, which has its key.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What stands against all replicas being ready; null when they are.</returns>
    public async Task<ReconcileError?> SyncAsync(ServiceKey primary, KeyClass keyClass, CancellationToken cancellationToken)
    {
        var wanted = primary.Spec.ReplicaRegions ?? [];
        var errors = new List<ReconcileError?>();
        foreach (var replica in Of(primary).Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary) && !wanted.Contains(replica.Spec.Region)))
        {
            errors.Add(await RemoveAsync(primary, replica, cancellationToken));
        }

        foreach (var region in wanted.Order(StringComparer.Ordinal))
        {
            errors.Add(await EnsureAsync(primary, keyClass, region, cancellationToken));
        }

        // What needs a person comes first.
        return errors.OfType<ReconcileError>().OrderByDescending(error => error.IsTerminal).FirstOrDefault();
    }

    /// <summary>A KeyReplica cannot be taken back once it is deleted, so that what protects its key is asked before.</summary>
    private async Task<ReconcileError?> RemoveAsync(ServiceKey primary, KeyReplica replica, CancellationToken cancellationToken)
    {
        if (replica is { Metadata.DeletionTimestamp: null, Status: { KeyId: not null, DeletionPolicy: DeletionPolicies.Delete } }
            && !KeyReplicaResolver.IsObserveOnly(replica, primary)
            && DeletionGuard.FindProtection(replica.Status.Arn, replica, primary) is { } protection)
        {
            return protection with { Message = $"spec.replicaRegions: {replica.Spec.Region} is no longer listed, but {protection.Message}" };
        }

        await DeleteAsync(replica, cancellationToken);
        return null;
    }

    /// <summary>Passes on to a ServiceKey's own KeyReplicas that everything is to be compared with AWS.</summary>
    /// <returns>Why one of them cannot be asked; null when all are.</returns>
    public async Task<ReconcileError?> AskAsync(ServiceKey primary, string reconcileAt, CancellationToken cancellationToken)
    {
        ReconcileError? refused = null;
        foreach (var replica in Of(primary).Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary)
            && replica.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt) != reconcileAt))
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = reconcileAt } } };
            try
            {
                await api.MergePatchAsync(type, NamespacedName.Of(replica), patch, null, cancellationToken);
            }
            catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
            {
                refused = Refused(replica.Metadata.Name, e);
            }
        }

        return refused;
    }

    /// <summary>Whether the server has KeyReplicas that refer to a ServiceKey, whatever the cache says.</summary>
    public async Task<bool> AnyLiveAsync(ServiceKey primary, CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var page = await api.ListPageAsync(type, primary.Metadata.Namespace, PageSize, token, cancellationToken);
            // A KeyReplica that cannot be read may refer to this ServiceKey as well.
            if (page.Unreadable.Count > 0 || page.Items.Any(replica => replica.Spec.PrimaryRef?.Name == primary.Metadata.Name))
            {
                return true;
            }

            token = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(token));

        return false;
    }

    /// <summary>Deletes the ServiceKey's own KeyReplicas, before its key goes.</summary>
    /// <returns>What remains; null when no KeyReplica refers to the ServiceKey any more.</returns>
    public async Task<ReconcileError?> DeleteAllAsync(ServiceKey primary, bool deletesKey, CancellationToken cancellationToken)
    {
        var replicas = Of(primary);
        var own = replicas.Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary)).ToArray();
        foreach (var replica in own)
        {
            await DeleteAsync(replica, cancellationToken);
        }

        if (own.Length > 0)
        {
            // What needs a person there needs one here.
            var stalled = own.Select(replica => (replica.Metadata.Name, Stalled: FindStalled(replica))).FirstOrDefault(replica => replica.Stalled is not null);
            return stalled.Stalled is { } reason
                ? ReconcileError.Terminal(Reasons.ReplicasRemain, $"The replicas have to go first, and KeyReplica {stalled.Name} does not: {reason.Reason}: {reason.Message}")
                : ReconcileError.Transient(Reasons.ReplicasRemain, $"Waiting for the replicas to go first: {Names(own)}.");
        }

        // A retained key stays a primary; other people's replicas lose nothing.
        return deletesKey && replicas.Count > 0
            ? ReconcileError.Terminal(
                Reasons.ReplicasRemain,
                $"KeyReplicas that this resource did not make still depend on the key: {Names(replicas)}. Delete them first, or set spec.deletionPolicy: Retain.")
            : null;
    }

    private static ReconcileError Refused(string name, KubernetesApiException e) =>
        ReconcileError.Terminal(Reasons.ReplicaConflict, $"spec.replicaRegions: the API server takes no KeyReplica {name}: {e.Message} It is tried again.");

    private static Condition? FindStalled(KeyReplica replica) =>
        ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Stalled) is { } stalled && stalled.ObservedGeneration == replica.Metadata.Generation
            ? stalled
            : null;

    private async Task<ReconcileError?> EnsureAsync(ServiceKey primary, KeyClass keyClass, string region, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(primary.Metadata.Namespace ?? "", NameFor(primary.Metadata.Name, region));
        if (!store.TryGet(key, out var replica))
        {
            try
            {
                await api.CreateAsync(type, Make(primary, region), cancellationToken);
            }
            catch (KubernetesApiException e) when (e.IsConflict)
            {
                // The cache is behind; the watch brings whatever there is.
            }
            catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
            {
                return Refused(key.Name, e);
            }

            return ReconcileError.Transient(Reasons.Progressing, $"KeyReplica {key.Name} is being made.");
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
            var message = $"KeyReplica {key.Name} is not ready: {ready?.Reason ?? "not seen yet"}{(ready is null ? "" : $": {ready.Message}")}";

            // What needs a person there needs one here.
            return FindStalled(replica) is { } stalled && replica.Metadata.DeletionTimestamp is null
                ? ReconcileError.Terminal(stalled.Reason, message)
                : ReconcileError.Transient(Reasons.Progressing, message);
        }

        // Ready as of its own spec; it carries the ServiceKey's and the class's as well, of which its generation says nothing.
        return KeyReplicaResolver.Resolve(replica, primary, keyClass, keyClass.Status!.AccountId!, settings.ClusterId).Value is { } wanted
            && replica.Status?.DesiredSha256 == DesiredStateHash.Compute(wanted)
            ? null
            : ReconcileError.Transient(Reasons.Progressing, $"KeyReplica {key.Name} has yet to be brought to what this resource and KeyClass {keyClass.Metadata.Name} say now.");
    }

    private async Task DeleteAsync(KeyReplica replica, CancellationToken cancellationToken)
    {
        if (replica.Metadata.DeletionTimestamp is null)
        {
            await api.DeleteAsync(type, NamespacedName.Of(replica), replica.Metadata.Uid, null, cancellationToken);
        }
    }

    private static KeyReplica Make(ServiceKey primary, string region) => new()
    {
        Metadata = new ObjectMeta
        {
            Namespace = primary.Metadata.Namespace,
            Name = NameFor(primary.Metadata.Name, region),
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
