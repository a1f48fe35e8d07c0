using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;

namespace KmsOperator.Plans.Cluster;

/// <summary>Reads the metadata of the objects that manifests are to be applied to.</summary>
internal static class OwnershipReading
{
    private const int Concurrency = 8;

    /// <summary>The metadata of those objects that there are, <c>managedFields</c> included.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="manifests">The manifests.</param>
    /// <param name="defaultNamespace">Where manifests go that name no namespace.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="KubernetesApiException">The API server refused a read.</exception>
    public static async Task<IReadOnlyDictionary<(string Kind, NamespacedName Key), JsonObject>> ReadAsync(
        IKubernetesApi api, ManifestSet manifests, string defaultNamespace, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<(string Kind, NamespacedName Key), JsonObject>();
        await Parallel.ForEachAsync(
            manifests.Resources.Select(manifest => manifest.Resource),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (resource, stop) =>
            {
                var (type, @namespace) = resource switch
                {
                    KeyClass => (OwnedObject.Of(ResourceTypes.KeyClasses), ""),
                    ServiceKey => (OwnedObject.Of(ResourceTypes.ServiceKeys), resource.Metadata.Namespace ?? defaultNamespace),
                    _ => (OwnedObject.Of(ResourceTypes.KeyReplicas), resource.Metadata.Namespace ?? defaultNamespace),
                };
                var key = new NamespacedName(@namespace, resource.Metadata.Name);
                if (await api.GetAsync(type, key, stop) is { } live)
                {
                    found[(resource.Kind, key)] = live.Whole;
                }
            });
        return found;
    }
}
