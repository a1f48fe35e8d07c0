using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>The KeyReplicas that belong to a ServiceKey: made, watched and deleted as <c>spec.replicaRegions</c> says.</summary>
internal sealed class ReplicaResources(IKubernetesApi api, ResourceType<KeyReplica> type, IResourceStore<KeyReplica> store)
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
            .DistinctBy(replica => replica.Spec.Region)
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

    /// <summary>Makes the KeyReplicas that are missing and deletes those whose Region is no longer listed.</summary>
    /// <returns>What stands against all replicas being ready; null when they are.</returns>
    public async Task<Finding?> SyncAsync(ServiceKey primary, CancellationToken cancellationToken)
    {
        var wanted = primary.Spec.ReplicaRegions ?? [];
        foreach (var replica in Of(primary).Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary) && !wanted.Contains(replica.Spec.Region)))
        {
            await DeleteAsync(replica, cancellationToken);
        }

        Finding? first = null;
        foreach (var region in wanted.Order(StringComparer.Ordinal))
        {
            var finding = await EnsureAsync(primary, region, cancellationToken);
            first = first is null || (finding?.Severity == FindingSeverity.Stalled && first.Severity == FindingSeverity.Waiting) ? finding ?? first : first;
        }

        return first;
    }

    /// <summary>Whether the server has KeyReplicas that refer to a ServiceKey, whatever the cache says.</summary>
    public async Task<bool> AnyLiveAsync(ServiceKey primary, CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var page = await api.ListPageAsync(type, primary.Metadata.Namespace, PageSize, token, cancellationToken);
            if (page.Items.Any(replica => replica.Spec.PrimaryRef?.Name == primary.Metadata.Name))
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
    public async Task<Finding?> DeleteAllAsync(ServiceKey primary, bool deletesKey, CancellationToken cancellationToken)
    {
        var replicas = Of(primary);
        var own = replicas.Where(replica => KeyReplicaResolver.IsOwnedBy(replica, primary)).ToArray();
        foreach (var replica in own)
        {
            await DeleteAsync(replica, cancellationToken);
        }

        if (own.Length > 0)
        {
            return Finding.Waiting(Reasons.ReplicasRemain, $"Waiting for the replicas to go first: {Names(own)}.");
        }

        // A retained key stays a primary; other people's replicas lose nothing.
        return deletesKey && replicas.Count > 0
            ? Finding.Stalled(
                Reasons.ReplicasRemain,
                $"KeyReplicas that this resource did not make still depend on the key: {Names(replicas)}. Delete them first, or set spec.deletionPolicy: Retain.")
            : null;
    }

    private async Task<Finding?> EnsureAsync(ServiceKey primary, string region, CancellationToken cancellationToken)
    {
        var key = new ResourceKey(primary.Metadata.Namespace ?? "", NameFor(primary.Metadata.Name, region));
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

            return Finding.Waiting(Reasons.Progressing, $"KeyReplica {key.Name} is being made.");
        }

        if (!KeyReplicaResolver.IsOwnedBy(replica, primary))
        {
            return Finding.Stalled(
                Reasons.ReplicaConflict,
                $"spec.replicaRegions: KeyReplica {key.Name} exists already and is not this resource's. Delete or rename it, or remove {region} from the list.");
        }

        if (replica.Metadata.DeletionTimestamp is not null || !ResourceConditions.IsReady(replica.Status?.Conditions, replica.Metadata.Generation))
        {
            var ready = ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Ready);
            var message = $"KeyReplica {key.Name} is not ready: {ready?.Reason ?? "not seen yet"}{(ready is null ? "" : $": {ready.Message}")}";

            // What needs a person there needs one here.
            return ResourceConditions.Find(replica.Status?.Conditions, ConditionTypes.Stalled) is { } stalled
                && stalled.ObservedGeneration == replica.Metadata.Generation && replica.Metadata.DeletionTimestamp is null
                ? Finding.Stalled(stalled.Reason, message)
                : Finding.Waiting(Reasons.Progressing, message);
        }

        return null;
    }

    private async Task DeleteAsync(KeyReplica replica, CancellationToken cancellationToken)
    {
        if (replica.Metadata.DeletionTimestamp is null)
        {
            await api.DeleteAsync(type, ResourceKey.Of(replica), replica.Metadata.Uid, null, cancellationToken);
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
