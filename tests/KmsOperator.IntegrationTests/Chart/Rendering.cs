using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>What Helm printed, as objects.</summary>
internal static class Rendering
{
    /// <summary>The objects of a stream of YAML documents; empty documents are left out.</summary>
    public static IReadOnlyList<JsonObject> Objects(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        List<ManifestError> errors = [];
        var objects = stream.Documents.Where(document => document.RootNode is YamlMappingNode)
            .Select(document => new YamlToJson("rendering", errors).Convert(document).Json).OfType<JsonObject>().ToArray();
        Assert.Empty(errors);
        return objects;
    }

    /// <summary>Kind and name, for example <c>Deployment/kms-operator</c>.</summary>
    public static string Id(this JsonObject one) => $"{one.Kind()}/{one["metadata"]!["name"]}";

    public static string Kind(this JsonObject one) => one["kind"]!.GetValue<string>();

    /// <summary>The one object of a kind.</summary>
    public static JsonObject Single(this IEnumerable<JsonObject> objects, string kind) => objects.Single(one => one.Kind() == kind);

    /// <summary>A spec of a pod: that of the Deployment and that of helm's test.</summary>
    public static IEnumerable<JsonObject> PodSpecs(this IEnumerable<JsonObject> objects) =>
        objects.Where(one => one.Kind() is "Deployment" or "Pod").Select(one => (one.Kind() == "Pod" ? one["spec"] : one["spec"]!["template"]!["spec"])!.AsObject());

    /// <summary>A node with its fields in order, so that equal ones print alike.</summary>
    public static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, field.Value is null ? null : (JsonNode?)Sorted(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Sorted(item))]),
        _ => node.DeepClone(),
    };
}
