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
    public async Task<Finding?> PublishAsync<T>(KeyPass<T> pass, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        try
        {
            return await TryPublishAsync(pass, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
        {
            // A quota, a policy or a role; the key itself is as it is, and its status must say so.
            return Finding.Stalled(
                Reasons.PublishConflict, $"spec.publish.configMapName: the API server refuses ConfigMap {pass.Resource.Publish?.ConfigMapName ?? pass.Status.PublishedConfigMapName}: {e.Message}");
        }
    }

    private async Task<Finding?> TryPublishAsync<T>(KeyPass<T> pass, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var wanted = pass.Resource.Publish?.ConfigMapName;
        var published = pass.Status.PublishedConfigMapName;
        if (published is not null && published != wanted)
        {
            await RemoveAsync(pass, published, cancellationToken);
            pass.Status = pass.Status with { PublishedConfigMapName = null };
        }

        if (wanted is null || pass.Status.KeyId is null)
        {
            return null;
        }

        var key = new ResourceKey(pass.Resource.Metadata.Namespace ?? "", wanted);
        var current = await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken);
        var data = DataOf(pass.Status);
        if (current is null)
        {
            await api.CreateAsync(BuiltInTypes.ConfigMaps, Make(pass.Resource, wanted, data), cancellationToken);
        }
        else if (!IsOwnedBy(current, pass.Resource))
        {
            return Finding.Stalled(
                Reasons.PublishConflict,
                $"spec.publish.configMapName: ConfigMap {wanted} exists already and is not this resource's; it is left alone. Choose another name, or delete it.");
        }
        else if (!SameData(current.Data, data))
        {
            await api.MergePatchAsync(BuiltInTypes.ConfigMaps, key, Patch(current, data), null, cancellationToken);
        }

        pass.Status = pass.Status with { PublishedConfigMapName = wanted };
        return null;
    }

    private async Task RemoveAsync<T>(KeyPass<T> pass, string name, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var key = new ResourceKey(pass.Resource.Metadata.Namespace ?? "", name);
        if (await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken) is { } current && IsOwnedBy(current, pass.Resource))
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
