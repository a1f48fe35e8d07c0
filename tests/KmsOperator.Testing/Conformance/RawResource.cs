using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Conformance;

/// <summary>An object of any kind with all that the server sends of it.</summary>
public sealed class RawResource(JsonObject json) : IResource
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new Converter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>The object.</summary>
    public JsonObject Json { get; } = json;

    /// <inheritdoc />
    public string ApiVersion => (string?)Json["apiVersion"] ?? "";

    /// <inheritdoc />
    public string Kind => (string?)Json["kind"] ?? "";

    /// <inheritdoc />
    public ObjectMeta Metadata => Json["metadata"]?.Deserialize(ApiJsonContext.Default.ObjectMeta) ?? new();

    /// <summary>A namespaced kind whose objects are read as they are.</summary>
    public static ResourceType<RawResource> Type(string group, string version, string plural, string kind) => new(
        group, version, plural, kind, true,
        (JsonTypeInfo<RawResource>)Options.GetTypeInfo(typeof(RawResource)),
        (JsonTypeInfo<ResourceList<RawResource>>)Options.GetTypeInfo(typeof(ResourceList<RawResource>)));

    private sealed class Converter : JsonConverter<RawResource>
    {
        public override RawResource Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonNode.Parse(ref reader)!.AsObject());

        public override void Write(Utf8JsonWriter writer, RawResource value, JsonSerializerOptions options) => value.Json.WriteTo(writer);
    }
}
