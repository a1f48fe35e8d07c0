using KmsOperator.Api;
using KmsOperator.Manifests;

namespace KmsOperator.Plans;

/// <summary>Reads the manifests that a verb is given, from files, directories and standard input.</summary>
internal static class ManifestInput
{
    private const string StandardInput = "-";

    /// <summary>Reads them.</summary>
    /// <param name="paths">Files and directories; <c>-</c> for standard input.</param>
    /// <param name="input">Standard input.</param>
    public static ManifestSet Load(IReadOnlyCollection<string> paths, TextReader input)
    {
        var files = ManifestLoader.Load(paths.Where(path => path != StandardInput));
        if (!paths.Contains(StandardInput))
        {
            return files;
        }

        var piped = ManifestLoader.Parse("standard input", input.ReadToEnd());
        return new ManifestSet([.. files.Resources, .. piped.Resources], [.. files.Errors, .. piped.Errors])
        {
            Namespaces = files.Namespaces.Concat(piped.Namespaces).DistinctBy(one => one.Key).ToDictionary(),
        };
    }

    /// <summary>What is wrong with manifests before anybody looks at AWS: what could not be read, two resources of one name, and nothing at all.</summary>
    /// <param name="manifests">What was read.</param>
    /// <param name="paths">Where from.</param>
    /// <param name="defaultNamespace">Where manifests go that name no namespace.</param>
    public static IReadOnlyList<ManifestError> FindProblems(ManifestSet manifests, IReadOnlyCollection<string> paths, string defaultNamespace)
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
