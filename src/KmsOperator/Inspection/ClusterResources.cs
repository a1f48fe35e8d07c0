using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Inspection;

/// <summary>The operator's resources of a cluster, sorted, as they are now.</summary>
/// <param name="Classes">KeyClasses.</param>
/// <param name="Keys">ServiceKeys.</param>
/// <param name="Replicas">KeyReplicas.</param>
/// <param name="Unreadable">Sentences about objects that could not be read.</param>
internal sealed record ClusterResources(
    IReadOnlyList<KeyClass> Classes, IReadOnlyList<ServiceKey> Keys, IReadOnlyList<KeyReplica> Replicas, IReadOnlyList<string> Unreadable)
{
    /// <summary>Reads them.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="namespace">A namespace; null for all.</param>
    /// <param name="name">Name of a ServiceKey or KeyReplica; null for all.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="KubernetesApiException">The API server refused a list.</exception>
    public static async Task<ClusterResources> ReadAsync(IKubernetesApi api, string? @namespace, string? name, CancellationToken cancellationToken)
    {
        var (classes, _) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyClasses, cancellationToken);
        var (keys, unreadableKeys) = await ResourceListing.ReadAsync(api, ResourceTypes.ServiceKeys, cancellationToken);
        var (replicas, unreadableReplicas) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyReplicas, cancellationToken);

        // A ServiceKey is shown with its replicas, and a replica that is named with its ServiceKey's others left out.
        var wantedReplicas = replicas.Where(replica => IsWanted(replica) || (replica.Spec.PrimaryRef?.Name == name && IsIn(replica))).ToArray();
        return new ClusterResources(
            Sorted(classes),
            Sorted(keys.Where(IsWanted)),
            Sorted(wantedReplicas),
            [.. unreadableKeys.Concat(unreadableReplicas).Where(one => IsIn(one)).Select(one => $"{one.Kind} {NamespacedName.Of(one)} cannot be read: {one.Message}")]);

        bool IsIn(IResource resource) => @namespace is null || resource.Metadata.Namespace == @namespace;
        bool IsWanted(IResource resource) => IsIn(resource) && (name is null || resource.Metadata.Name == name);
    }

    private static T[] Sorted<T>(IEnumerable<T> resources)
        where T : IResource => [.. resources.OrderBy(one => one.Metadata.Namespace, StringComparer.Ordinal).ThenBy(one => one.Metadata.Name, StringComparer.Ordinal)];
}
