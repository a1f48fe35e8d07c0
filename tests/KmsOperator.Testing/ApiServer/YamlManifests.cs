using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Testing.ApiServer;

/// <summary>Reads YAML as <c>kubectl</c> does: as JSON, document by document.</summary>
internal static class YamlManifests
{
    /// <exception cref="ArgumentException">The text cannot be read.</exception>
    public static IReadOnlyList<JsonObject> Read(string yaml)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(yaml);
        stream.Load(reader);
        List<ManifestError> errors = [];
        var documents = stream.Documents.Select(document => new YamlToJson("manifest", errors).Convert(document).Json).OfType<JsonObject>().ToList();

        // Written and read again, so that every number can be read as any type of number.
        return errors.Count == 0
            ? [.. documents.Select(document => JsonNode.Parse(document.ToJsonString())!.AsObject())]
            : throw new ArgumentException(string.Join("; ", errors), nameof(yaml));
    }
}
