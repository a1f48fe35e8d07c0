using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Cluster;

/// <summary>An object of which the metadata is read as the API server sends it, <c>managedFields</c> and all annotations included.</summary>
internal sealed record OwnedObject : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init; } = "";

    /// <inheritdoc />
    public string Kind { get; init; } = "";

    /// <summary>The metadata.</summary>
    [JsonPropertyName("metadata")]
    public JsonObject Whole { get; init; } = [];

    /// <inheritdoc />
    [JsonIgnore]
    public ObjectMeta Metadata => new() { Name = (string?)Whole["name"] ?? "", Namespace = (string?)Whole["namespace"] };

    /// <summary>Objects of a kind, read like that.</summary>
    public static ResourceType<OwnedObject> Of<T>(ResourceType<T> type)
        where T : class, IResource =>
        new(type.Group, type.Version, type.Plural, type.Kind, type.Namespaced, OwnedObjectJsonContext.Default.OwnedObject, OwnedObjectJsonContext.Default.ResourceListOwnedObject);
}

/// <summary>Source-generated JSON of <see cref="OwnedObject"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OwnedObject))]
[JsonSerializable(typeof(ResourceList<OwnedObject>))]
internal sealed partial class OwnedObjectJsonContext : JsonSerializerContext;
