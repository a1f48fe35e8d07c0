using KmsOperator.Api;

namespace KmsOperator.Manifests;

/// <summary>Finds what is wrong with the manifests that a verb is given, taken together.</summary>
internal static class ManifestProblems
{
    /// <summary>What is wrong with manifests before anybody looks at AWS: what could not be read, two resources of one name, and nothing at all.</summary>
    /// <param name="manifests">What was read.</param>
    /// <param name="paths">Where from.</param>
    /// <param name="defaultNamespace">Where manifests go that name no namespace.</param>
    public static IReadOnlyList<ManifestError> Find(ManifestSet manifests, IReadOnlyCollection<string> paths, string defaultNamespace)
    {
        var problems = manifests.Errors.ToList();
        var places = new Dictionary<(string, string, string), ManifestResource>();
        foreach (var manifest in manifests.Resources)
        {
            var resource = manifest.Resource;
            var @namespace = resource is KeyClass ? "" : resource.Metadata.Namespace ?? defaultNamespace;
            if (!places.TryAdd((resource.Kind, @namespace, resource.Metadata.Name), manifest))
            {
                var first = places[(resource.Kind, @namespace, resource.Metadata.Name)];
                problems.Add(manifest.Error("metadata.name", $"{resource.Kind} {resource.Metadata.Name} stands in {first.Place} already; remove or rename one of the two"));
            }
        }

        if (problems.Count == 0 && manifests.Resources.Count == 0)
        {
            problems.Add(new ManifestError(
                string.Join(", ", paths), 0, null, $"has no {KeyClass.KindName}, {ServiceKey.KindName} or {KeyReplica.KindName}; give a file or directory that has one (.yaml, .yml, .json)"));
        }

        return problems;
    }
}
