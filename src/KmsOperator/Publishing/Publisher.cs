using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Publishing;

/// <summary>Writes a key's id, ARNs, alias and public key to a ConfigMap for workloads, as <c>spec.publish</c> says.</summary>
internal sealed class Publisher(IKubernetesApi api, PublicKeys publicKeys)
{
    /// <summary>The entries of the ConfigMap. Every name is also a valid variable name for shells and Flux substitution.</summary>
    /// <param name="status">The key's status.</param>
    /// <param name="publicKey">The public key of an asymmetric key, as PEM; null where there is none, or it is not known yet.</param>
    public static IReadOnlyDictionary<string, string> DataOf(KeyStatus status, string? publicKey = null)
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
        Add(PublicKeys.EntryName, publicKey);
        foreach (var replica in status.Replicas ?? [])
        {
            Add("replicaArn_" + replica.Region.Replace('-', '_'), replica.Arn);
        }

        return data;
    }

    /// <summary>
    /// Brings the ConfigMap in line with a key's new status, and removes one that was published to before. An unchanged key is published again
    /// only after a conflict or a public key that could not be read, which somebody may have solved.
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
            || context.IsSpecNew
            || IsRepeated(context, result));
        if (!isDue)
        {
            return result;
        }

        var (status, error) = await WriteAsync(context, result, cancellationToken);
        return result.Error is null && error is not null
            ? result with { Status = status, Error = error, RequeueAfter = null }
            : result with { Status = status };
    }

    private static bool IsRepeated<T>(ReconcileContext<T> context, KeyResult result)
        where T : class, IKeyResource =>
        ResourceConditions.Find(context.Status.Conditions, ConditionTypes.Ready) is { } ready
        && (ready.Reason == Reasons.PublishConflict || (ready.Status != "True" && PublicKeys.IsFor(result) && context.Resource.Publish is not null));

    private async Task<(KeyStatus Status, ReconcileError? Error)> WriteAsync<T>(ReconcileContext<T> context, KeyResult result, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var status = result.Status;
        var wanted = context.Resource.Publish?.ConfigMapName;
        try
        {
            string?[] published = [status.PublishedConfigMapName, context.Cache.PublishedConfigMapName];
            foreach (var name in published.OfType<string>().Where(name => name != wanted).Distinct())
            {
                await RemoveAsync(context, name, cancellationToken);
            }

            if (context.Cache.PublishedConfigMapName != wanted)
            {
                // It is gone: it need not be asked for at each comparison.
                context.Cache.PublishedConfigMapName = null;
            }

            if (status.PublishedConfigMapName != wanted)
            {
                status = status with { PublishedConfigMapName = null };
            }

            if (wanted is null)
            {
                return (status, null);
            }

            var (isWritten, error) = await WriteConfigMapAsync(context, wanted, result, cancellationToken);
            return (isWritten ? status with { PublishedConfigMapName = wanted } : status, error);
        }
        catch (KubernetesApiException e) when (e.IsForbidden || e.IsInvalid)
        {
            // A quota, an admission policy or a role. The key itself is as desired, and its status must say so.
            return (status, ReconcileError.Terminal(
                Reasons.PublishConflict, $"spec.publish.configMapName: the API server refuses ConfigMap {wanted ?? status.PublishedConfigMapName}: {e.Message}"));
        }
    }

    /// <summary>Writes the ConfigMap. One without the public key is written too: the rest of it is of use already.</summary>
    private async Task<(bool IsWritten, ReconcileError? Error)> WriteConfigMapAsync<T>(ReconcileContext<T> context, string name, KeyResult result, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var resource = context.Resource;
        var key = new NamespacedName(resource.Metadata.Namespace ?? "", name);
        var current = await api.GetAsync(BuiltInTypes.ConfigMaps, key, cancellationToken);
        if (current is not null && !IsOwnedBy(current, resource))
        {
            return (false, ReconcileError.Terminal(
                Reasons.PublishConflict,
                $"spec.publish.configMapName: ConfigMap {name} exists already and is not this resource's; it is left alone. Choose another name, or delete it."));
        }

        var (publicKey, error) = await publicKeys.GetAsync(context.Cache, result, current?.Data, cancellationToken);
        var data = DataOf(result.Status, publicKey);
        if (current is null)
        {
            context.Cache.PublishedConfigMapName = name;
            await api.CreateAsync(BuiltInTypes.ConfigMaps, Make(resource, name, data), cancellationToken);
        }
        else if (!SameData(current.Data, data))
        {
            await api.MergePatchAsync(BuiltInTypes.ConfigMaps, key, Patch(current, data), null, cancellationToken);
        }

        return (true, error);
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
