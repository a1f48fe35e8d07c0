using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Publishing;

/// <summary>Writes a key's id, ARNs and alias to a ConfigMap for workloads, as <c>spec.publish</c> says.</summary>
internal sealed class Publisher(IKubernetesApi api)
{
    /// <summary>The entries of the ConfigMap. Every name is also a valid variable name for shells and Flux substitution.</summary>
    public static IReadOnlyDictionary<string, string> DataOf(KeyStatus status)
    {
        var data = new SortedDictionary<string, string>(StringComparer.Ordinal);
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                data[name] = value;
            }
        }

        Add("keyId", status.KeyId);
        Add("arn", status.Arn);
        Add("aliasName", status.AliasName);
        Add("aliasArn", status.AliasArn);
        Add("region", status.Region);
        Add("accountId", status.AccountId);
        foreach (var replica in status.Replicas ?? [])
        {
            Add("replicaArn_" + replica.Region.Replace('-', '_'), replica.Arn);
        }

        return data;
    }

    /// <summary>
    /// Brings the ConfigMap in line with a key's new status, and removes one that was published to before. An unchanged key is published again
    /// only after a conflict, which somebody may have solved.
    /// </summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="result">The result for the key.</param>
    /// <param name="replicasChanged">Whether the replicas in the status have changed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The result, with the error if the key is as desired but could not be published.</returns>
    public async Task<KeyResult> PublishAsync<T>(ReconcileContext<T> context, KeyResult result, bool replicasChanged, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var isDue = result.Status.KeyId is not null && (result.IsCompared || replicasChanged
            || context.Status.ObservedGeneration != context.Resource.Metadata.Generation
            || ResourceConditions.Find(context.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.PublishConflict);
        if (!isDue)
        {
            return result;
        }

        var (status, error) = await WriteAsync(context, result.Status, cancellationToken);
        return result.Error is null && error is not null
            ? result with { Status = status, Error = error, RequeueAfter = null }
            : result with { Status = status };
    }

    private async Task<(KeyStatus Status, ReconcileError? Error)> WriteAsync<T>(ReconcileContext<T> context, KeyStatus status, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var wanted = context.Resource.Publish?.ConfigMapName;
        try
        {
            if (status.PublishedConfigMapName is { } published && published != wanted)
            {
                await RemoveAsync(context, published, cancellationToken);
                status = status with { PublishedConfigMapName = null };
            }

            if (wanted is null)
            {
                return (status, null);
            }

            return await WriteConfigMapAsync(context.Resource, wanted, DataOf(status), cancellationToken) is { } conflict
                ? (status, conflict)
                : (status with { PublishedConfigMapName = wanted }, null);
        }
        catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
        {
            // A quota, an admission policy or a role. The key itself is as desired, and its status must say so.
            return (status, ReconcileError.Terminal(
                Reasons.PublishConflict, $"spec.publish.configMapName: the API server refuses ConfigMap {wanted ?? status.PublishedConfigMapName}: {e.Message}"));
        }
    }

    private async Task<ReconcileError?> WriteConfigMapAsync(IResource resource, string name, IReadOnlyDictionary<string, string> data, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(resource.Metadata.Namespace ?? "", name);
        var current = await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken);
        if (current is null)
        {
            await api.CreateAsync(BuiltInTypes.ConfigMaps, Make(resource, name, data), cancellationToken);
        }
        else if (!IsOwnedBy(current, resource))
        {
            return ReconcileError.Terminal(
                Reasons.PublishConflict,
                $"spec.publish.configMapName: ConfigMap {name} exists already and is not this resource's; it is left alone. Choose another name, or delete it.");
        }
        else if (!SameData(current.Data, data))
        {
            await api.MergePatchAsync(BuiltInTypes.ConfigMaps, key, Patch(current, data), null, cancellationToken);
        }

        return null;
    }

    private async Task RemoveAsync<T>(ReconcileContext<T> context, string name, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var key = new NamespacedName(context.Resource.Metadata.Namespace ?? "", name);
        if (await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken) is { } current && IsOwnedBy(current, context.Resource))
        {
            await api.DeleteAsync(BuiltInTypes.ConfigMaps, key, current.Metadata.Uid, current.Metadata.ResourceVersion, cancellationToken);
        }
    }

    private static bool IsOwnedBy(ConfigMap configMap, IResource resource) =>
        configMap.Metadata.OwnerReferences?.Any(owner => owner.Uid == resource.Metadata.Uid) == true;

    private static bool SameData(IReadOnlyDictionary<string, string>? current, IReadOnlyDictionary<string, string> wanted) =>
        (current?.Count ?? 0) == wanted.Count && wanted.All(entry => current!.GetValueOrDefault(entry.Key) == entry.Value);

    private static ConfigMap Make(IResource resource, string name, IReadOnlyDictionary<string, string> data) => new()
    {
        Metadata = new ObjectMeta
        {
            Namespace = resource.Metadata.Namespace,
            Name = name,
            OwnerReferences =
            [
                new OwnerReference
                {
                    ApiVersion = resource.ApiVersion,
                    Kind = resource.Kind,
                    Name = resource.Metadata.Name,
                    Uid = resource.Metadata.Uid ?? "",
                    Controller = true,
                },
            ],
        },
        Data = data,
    };

    private static JsonObject Patch(ConfigMap current, IReadOnlyDictionary<string, string> data)
    {
        var patch = new JsonObject();
        foreach (var name in current.Data?.Keys ?? [])
        {
            patch[name] = null;
        }

        foreach (var (name, value) in data)
        {
            patch[name] = value;
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["data"] = patch,
        };
    }
}
