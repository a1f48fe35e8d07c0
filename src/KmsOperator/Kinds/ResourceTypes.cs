using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds;

/// <summary>The operator's own kinds, as the API server serves them.</summary>
internal static class ResourceTypes
{
    // No valid object comes near it: a key policy has 32 KiB and annotations 256 KiB at most. A larger one only costs memory.
    private const int MaxObjectBytes = 512 * 1024;

    // The operator's annotations hold a key id, "true", or a value that only has to be another one than before.
    private const int LongestAnnotation = 1024;

    // The record of a creation names at most fifty aliases.
    private const int LongestDetails = 32 * 1024;

    private static readonly string[] OwnFinalizer = [ApiGroup.Finalizer];

    /// <summary>KeyClass.</summary>
    public static ResourceType<KeyClass> KeyClasses { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyClass.Plural, KeyClass.KindName, false, ApiJsonContext.Default.KeyClass, ApiJsonContext.Default.ResourceListKeyClass)
    {
        MaxObjectBytes = MaxObjectBytes,
        ToCached = one => one with { ApiVersion = ApiGroup.ApiVersion, Kind = KeyClass.KindName, Metadata = Bounded(one.Metadata, hasKey: false) },
    };

    /// <summary>ServiceKey.</summary>
    public static ResourceType<ServiceKey> ServiceKeys { get; } = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey)
    {
        MaxObjectBytes = MaxObjectBytes,
        ToCached = one => one with
        {
            ApiVersion = ApiGroup.ApiVersion,
            Kind = ServiceKey.KindName,
            Metadata = Bounded(one.Metadata, one.Status?.KeyId is not null),
            Spec = one.Spec with { Policy = OversizedPolicy.Bounded(one.Spec.Policy) },
        },
    };

    /// <summary>KeyReplica.</summary>
    public static ResourceType<KeyReplica> KeyReplicas { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyReplica.Plural, KeyReplica.KindName, true, ApiJsonContext.Default.KeyReplica, ApiJsonContext.Default.ResourceListKeyReplica)
    {
        MaxObjectBytes = MaxObjectBytes,
        ToCached = one => one with
        {
            ApiVersion = ApiGroup.ApiVersion,
            Kind = KeyReplica.KindName,
            Metadata = Bounded(one.Metadata, one.Status?.KeyId is not null),
            Spec = one.Spec with { Policy = OversizedPolicy.Bounded(one.Spec.Policy) },
        },
    };

    /// <summary>Metadata without what only people and other tools read: labels, and annotations that are not the operator's. kubectl keeps the whole manifest in one.</summary>
    private static ObjectMeta Bounded(ObjectMeta metadata, bool hasKey)
    {
        var annotations = metadata.Annotations?
            .Where(annotation => annotation.Key.StartsWith(ApiGroup.Name + "/", StringComparison.Ordinal) && !(hasKey && annotation.Key is AnnotationNames.CreateAttempt or AnnotationNames.CreateDetails))
            .ToDictionary(annotation => annotation.Key, annotation => Shortened(annotation.Value, annotation.Key == AnnotationNames.CreateDetails ? LongestDetails : LongestAnnotation));
        return metadata with
        {
            Labels = null,
            Annotations = annotations is { Count: > 0 } ? annotations : null,
            Finalizers = metadata.Finalizers is [ApiGroup.Finalizer] ? OwnFinalizer : metadata.Finalizers,
        };
    }

    private static string Shortened(string value, int longest) =>
        value.Length <= longest ? value : value[..(char.IsHighSurrogate(value[longest - 1]) ? longest - 1 : longest)];
}
