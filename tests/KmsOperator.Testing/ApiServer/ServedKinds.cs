using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>The kinds that a server serves. Immutable: many servers may share one, since reading the schemas takes a while.</summary>
public sealed class ServedKinds
{
    private static readonly Lazy<ServedKinds> FromRepository = new(() => BuiltIn().With([.. Directory
        .EnumerateFiles(Path.Combine(RepositoryRoot(), "config", "crds"), "*_*.yaml")
        .Order(StringComparer.Ordinal)
        .Select(File.ReadAllText)]));

    private readonly IReadOnlyList<ServedKind> _kinds;

    private ServedKinds(IReadOnlyList<ServedKind> kinds) => _kinds = kinds;

    /// <summary>The kinds of Kubernetes that the operator uses, and the operator's own from <c>config/crds</c>.</summary>
    /// <remarks>TokenReview and SubjectAccessReview are not among them.</remarks>
    public static ServedKinds OfOperator => FromRepository.Value;

    internal IReadOnlyList<ServedKind> All => _kinds;

    /// <summary>These kinds and those that some CRDs define.</summary>
    /// <param name="definitions">YAML of CustomResourceDefinitions with one version each. A kind that is there already is replaced.</param>
    public ServedKinds With(params IReadOnlyList<string> definitions)
    {
        var added = definitions.Select(Read).ToList();
        return new([.. _kinds.Where(kind => !added.Any(other => other.Resource == kind.Resource)), .. added]);
    }

    internal ServedKind? Find(string group, string version, string plural) =>
        _kinds.FirstOrDefault(kind => kind.Group == group && kind.Version == version && kind.Plural == plural);

    internal ServedKind? FindKind(string apiVersion, string name) => _kinds.FirstOrDefault(kind => kind.ApiVersion == apiVersion && kind.Kind == name);

    private static ServedKinds BuiltIn()
    {
        // Source: Kubernetes API reference. Only what matters for merging is spelled out.
        var open = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var configMap = JsonNode.Parse("""
            {"type":"object","properties":{
              "data":{"type":"object","additionalProperties":{"type":"string"}},
              "binaryData":{"type":"object","additionalProperties":{"type":"string"}},
              "immutable":{"type":"boolean"}}}
            """)!.AsObject();
        var secret = JsonNode.Parse("""
            {"type":"object","properties":{
              "data":{"type":"object","additionalProperties":{"type":"string"}},
              "type":{"type":"string"},
              "immutable":{"type":"boolean"}}}
            """)!.AsObject();
        return new(
        [
            new("", "v1", "namespaces", "Namespace", false, true, false, open),
            new("", "v1", "configmaps", "ConfigMap", true, false, false, configMap),
            new("", "v1", "secrets", "Secret", true, false, false, secret),
            new("coordination.k8s.io", "v1", "leases", "Lease", true, false, false, open),
            new("events.k8s.io", "v1", "events", "Event", true, false, false, open),
        ]);
    }

    private static ServedKind Read(string yaml)
    {
        var spec = YamlManifests.Read(yaml).Single()["spec"]!;
        var version = spec["versions"]!.AsArray().Single()!;
        return new(
            (string)spec["group"]!,
            (string)version["name"]!,
            (string)spec["names"]!["plural"]!,
            (string)spec["names"]!["kind"]!,
            (string?)spec["scope"] == "Namespaced",
            version["subresources"]?["status"] is not null,
            true,
            version["schema"]!["openAPIV3Schema"]!.AsObject());
    }

    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
