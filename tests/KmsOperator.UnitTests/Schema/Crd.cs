using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.Schema;

/// <summary>One CustomResourceDefinition of <c>config/crds</c>.</summary>
internal sealed class Crd
{
    private Crd(JsonNode json) => Json = json;

    public static IReadOnlyList<string> Kinds { get; } = ["KeyClass", "KeyReplica", "ServiceKey"];

    public JsonNode Json { get; }

    public JsonNode Version => Json["spec"]!["versions"]!.AsArray().Single()!;

    public JsonNode Schema => Version["schema"]!["openAPIV3Schema"]!;

    public static Crd Of(string kind)
    {
        var stream = new YamlStream();
        var plural = kind.ToLowerInvariant() + (kind.EndsWith('s') ? "es" : "s");
        using var reader = File.OpenText(RepositoryFiles.Path("config", "crds", $"kms.servicekey.dev_{plural}.yaml"));
        stream.Load(reader);
        List<ManifestError> errors = [];
        var json = new YamlToJson(kind, errors).Convert(stream.Documents.Single()).Json!;
        Assert.Empty(errors);
        return new Crd(json);
    }

    /// <summary>The schema and all that are nested in it, each with its path; list items end in <c>[]</c>, map values in <c>{}</c>.</summary>
    public IEnumerable<(string Path, JsonNode Schema)> Schemas() => Walk("", Schema);

    public IEnumerable<(string Path, JsonNode Rule)> Rules() =>
        from found in Schemas()
        from rule in found.Schema["x-kubernetes-validations"]?.AsArray() ?? []
        select (found.Path, rule);

    private static IEnumerable<(string Path, JsonNode Schema)> Walk(string path, JsonNode schema)
    {
        yield return (path, schema);
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
            foreach (var nested in Walk($"{path}.{name}", property!))
                yield return nested;
        foreach (var (suffix, child) in new[] { ("[]", schema["items"]), ("{}", schema["additionalProperties"]) })
        {
            if (child is null) continue;
            foreach (var nested in Walk(path + suffix, child))
                yield return nested;
        }
    }
}
