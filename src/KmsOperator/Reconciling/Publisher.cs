using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Writes a key's coordinates to a ConfigMap for workloads, as <c>spec.publish</c> says.</summary>
internal sealed class Publisher(IKubernetesApi api)
{
    /// <summary>What a ConfigMap says of a key. Every name is also a valid variable name for shells and Flux substitution.</summary>
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

    /// <summary>Brings the ConfigMap in line with the status, and removes one that was published to before.</summary>
    /// <returns>Why not: the name belongs to somebody else, or the server refuses the ConfigMap.</returns>
    public async Task<ReconcileError?> PublishAsync<T>(ReconcileContext<T> context, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            return await TryPublishAsync(context, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
        {
            // A quota, a policy or a role; the key itself is as it is, and its status must say so.
            return ReconcileError.Terminal(
                Reasons.PublishConflict, $"spec.publish.configMapName: the API server refuses ConfigMap {context.Resource.Publish?.ConfigMapName ?? context.Status.PublishedConfigMapName}: {e.Message}");
        }
    }

    private async Task<ReconcileError?> TryPublishAsync<T>(ReconcileContext<T> context, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var wanted = context.Resource.Publish?.ConfigMapName;
        var published = context.Status.PublishedConfigMapName;
        if (published is not null && published != wanted)
        {
            await RemoveAsync(context, published, cancellationToken);
            context.Status = context.Status with { PublishedConfigMapName = null };
        }

        if (wanted is null || context.Status.KeyId is null)
        {
            return null;
        }

        var key = new NamespacedName(context.Resource.Metadata.Namespace ?? "", wanted);
        var current = await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken);
        var data = DataOf(context.Status);
        if (current is null)
        {
            await api.CreateAsync(BuiltInTypes.ConfigMaps, Make(context.Resource, wanted, data), cancellationToken);
        }
        else if (!IsOwnedBy(current, context.Resource))
        {
            return ReconcileError.Terminal(
                Reasons.PublishConflict,
                $"spec.publish.configMapName: ConfigMap {wanted} exists already and is not this resource's; it is left alone. Choose another name, or delete it.");
        }
        else if (!SameData(current.Data, data))
        {
            await api.MergePatchAsync(BuiltInTypes.ConfigMaps, key, Patch(current, data), null, cancellationToken);
        }

        context.Status = context.Status with { PublishedConfigMapName = wanted };
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
