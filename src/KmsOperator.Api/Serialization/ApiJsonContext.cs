using System.Text.Json.Serialization;

namespace KmsOperator.Api;

/// <summary>Source-generated JSON for the three kinds.</summary>
/// <remarks>
/// The generated reader sets every init-only property, absent members to null; hence the <c>value ?? …</c> in the types' setters,
/// which also turns an explicit <c>null</c> into the default.
/// </remarks>
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
