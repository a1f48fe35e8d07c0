using System.Text.Json.Serialization;

namespace KmsOperator.Api;

/// <summary>Source-generated JSON for the three kinds.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(KubernetesTimeConverter)])]
[JsonSerializable(typeof(KeyClass))]
[JsonSerializable(typeof(ServiceKey))]
[JsonSerializable(typeof(KeyReplica))]
[JsonSerializable(typeof(ResourceList<KeyClass>))]
[JsonSerializable(typeof(ResourceList<ServiceKey>))]
[JsonSerializable(typeof(ResourceList<KeyReplica>))]
public sealed partial class ApiJsonContext : JsonSerializerContext;
