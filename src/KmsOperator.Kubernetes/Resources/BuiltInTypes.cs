using System.Text.Json.Serialization;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>The kinds of Kubernetes itself that the operator reads or writes.</summary>
public static class BuiltInTypes
{
    /// <summary>ConfigMap v1.</summary>
    public static ResourceType<ConfigMap> ConfigMaps { get; } = new(
        "", "v1", "configmaps", "ConfigMap", true, BuiltInJsonContext.Default.ConfigMap, BuiltInJsonContext.Default.ResourceListConfigMap);

    /// <summary>Secret v1.</summary>
    public static ResourceType<Secret> Secrets { get; } = new(
        "", "v1", "secrets", "Secret", true, BuiltInJsonContext.Default.Secret, BuiltInJsonContext.Default.ResourceListSecret);

    /// <summary>Namespace v1.</summary>
    public static ResourceType<Namespace> Namespaces { get; } = new(
        "", "v1", "namespaces", "Namespace", false, BuiltInJsonContext.Default.Namespace, BuiltInJsonContext.Default.ResourceListNamespace);

    /// <summary>Lease coordination.k8s.io/v1.</summary>
    public static ResourceType<Lease> Leases { get; } = new(
        "coordination.k8s.io", "v1", "leases", "Lease", true, BuiltInJsonContext.Default.Lease, BuiltInJsonContext.Default.ResourceListLease);

    /// <summary>Event events.k8s.io/v1.</summary>
    public static ResourceType<Event> Events { get; } = new(
        "events.k8s.io", "v1", "events", "Event", true, BuiltInJsonContext.Default.Event, BuiltInJsonContext.Default.ResourceListEvent);

    /// <summary>TokenReview authentication.k8s.io/v1; can only be created.</summary>
    public static ResourceType<TokenReview> TokenReviews { get; } = new(
        "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false, BuiltInJsonContext.Default.TokenReview, BuiltInJsonContext.Default.ResourceListTokenReview);

    /// <summary>SubjectAccessReview authorization.k8s.io/v1; can only be created.</summary>
    public static ResourceType<SubjectAccessReview> SubjectAccessReviews { get; } = new(
        "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false,
        BuiltInJsonContext.Default.SubjectAccessReview, BuiltInJsonContext.Default.ResourceListSubjectAccessReview);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(KubernetesTimeConverter)])]
[JsonSerializable(typeof(ResourceList<ConfigMap>))]
[JsonSerializable(typeof(ResourceList<Secret>))]
[JsonSerializable(typeof(ResourceList<Namespace>))]
[JsonSerializable(typeof(ResourceList<Lease>))]
[JsonSerializable(typeof(ResourceList<Event>))]
[JsonSerializable(typeof(ResourceList<TokenReview>))]
[JsonSerializable(typeof(ResourceList<SubjectAccessReview>))]
[JsonSerializable(typeof(StatusBody))]
internal sealed partial class BuiltInJsonContext : JsonSerializerContext;
