using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Cluster;

/// <summary>Reads what a cluster has of the operator's kinds. It only reads.</summary>
internal static class ClusterContent
{
    /// <summary>Puts all KeyClasses, ServiceKeys, KeyReplicas and namespaces of a cluster into a plan.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="plan">Where they go.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>What could not be read, in sentences.</returns>
    /// <exception cref="KubernetesApiException">The API server refused a list.</exception>
    public static async Task<IReadOnlyList<string>> LoadAsync(IKubernetesApi api, PlanCluster plan, CancellationToken cancellationToken)
    {
        var unreadable = new List<string>();
        await LoadAsync(BuiltInTypes.Namespaces);
        await LoadAsync(ResourceTypes.KeyClasses);
        await LoadAsync(ResourceTypes.ServiceKeys);
        await LoadAsync(ResourceTypes.KeyReplicas);
        return unreadable;

        async Task LoadAsync<T>(ResourceType<T> type)
            where T : class, IResource
        {
            var (items, others) = await ResourceListing.ReadAsync(api, type, cancellationToken);
            foreach (var item in items)
            {
                plan.Put(type, PlanCluster.ToJson(type, item));
            }

            unreadable.AddRange(others.Select(one => $"{type.Kind} {NamespacedName.Of(one)} of the cluster cannot be read: {one.Message}"));
        }
    }
}
