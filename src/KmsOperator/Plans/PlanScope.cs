using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Plans;

/// <summary>The resources that a plan is about. The cluster's others are looked at only where one of these would meet them.</summary>
/// <param name="caches">The cluster with the manifests applied.</param>
/// <param name="manifests">The manifests; null for a plan of all that the cluster has.</param>
internal sealed class PlanScope(ResourceCaches caches, IReadOnlyDictionary<(string Kind, NamespacedName Key), ManifestResource>? manifests)
{
    // Asked once: a class that has been verified does not look changed any more.
    private readonly HashSet<string> _changedClasses = [.. caches.KeyClasses.List()
        .Where(keyClass => manifests?.ContainsKey((KeyClass.KindName, NamespacedName.Of(keyClass))) == true && keyClass.Status?.ObservedGeneration != keyClass.Metadata.Generation)
        .Select(keyClass => keyClass.Metadata.Name)];

    /// <summary>Where a resource's manifest stands.</summary>
    public string? PlaceOf(string kind, NamespacedName key) => manifests?.GetValueOrDefault((kind, key))?.Place;

    /// <summary>The KeyClasses that have to be verified: those that the operator would verify now.</summary>
    public IReadOnlyList<KeyClass> Classes() =>
        Sorted(caches.KeyClasses.List().Where(keyClass => Contains(KeyClass.KindName, keyClass) && IsUnverified(keyClass)));

    /// <summary>The ServiceKeys: those of the manifests, and those whose KeyClass is among the manifests and differs from the cluster's.</summary>
    public IReadOnlyList<ServiceKey> ServiceKeys() => Sorted(caches.ServiceKeys.List().Where(key =>
        Contains(ServiceKey.KindName, key) || _changedClasses.Contains(ClassOf(key.Status?.ClassName ?? key.Spec.ClassName))));

    /// <summary>The KeyReplicas: those of the manifests, those of the ServiceKeys in scope, and those whose KeyClass changes.</summary>
    /// <param name="serviceKeys">The ServiceKeys in scope.</param>
    public IReadOnlyList<KeyReplica> KeyReplicas(IReadOnlyList<ServiceKey> serviceKeys)
    {
        var primaries = serviceKeys.Select(NamespacedName.Of).ToHashSet();
        return Sorted(caches.KeyReplicas.List().Where(replica => Contains(KeyReplica.KindName, replica)
            || (replica.Spec.PrimaryRef is { } primary
                ? primaries.Contains(new NamespacedName(replica.Metadata.Namespace ?? "", primary.Name))
                : _changedClasses.Contains(ClassOf(replica.Status?.ClassName ?? replica.Spec.ClassName)))));
    }

    private bool Contains(string kind, IResource resource) => manifests is null || manifests.ContainsKey((kind, NamespacedName.Of(resource)));

    private string ClassOf(string? name) => name ?? DefaultClasses.Of(caches.KeyClasses.List()).FirstOrDefault()?.Metadata.Name ?? "";

    private static bool IsUnverified(KeyClass keyClass) =>
        keyClass.Metadata.DeletionTimestamp is null
        && (keyClass.Status?.ObservedGeneration != keyClass.Metadata.Generation || !ResourceConditions.IsReady(keyClass.Status?.Conditions, keyClass.Metadata.Generation));

    private static List<T> Sorted<T>(IEnumerable<T> resources)
        where T : IResource => [.. resources.OrderBy(resource => resource.Metadata.Namespace, StringComparer.Ordinal).ThenBy(resource => resource.Metadata.Name, StringComparer.Ordinal)];
}
