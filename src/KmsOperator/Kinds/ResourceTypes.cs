using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>The operator's own kinds, as the API server serves them.</summary>
internal static class ResourceTypes
{
    // No valid object comes near it: a key policy has 32 KiB and annotations 256 KiB at most. A larger one only costs memory.
    private const int MaxObjectBytes = 512 * 1024;

    /// <summary>KeyClass.</summary>
    public static ResourceType<KeyClass> KeyClasses { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyClass.Plural, KeyClass.KindName, false, ApiJsonContext.Default.KeyClass, ApiJsonContext.Default.ResourceListKeyClass)
    {
        MaxObjectBytes = MaxObjectBytes,
    };

    /// <summary>ServiceKey.</summary>
    public static ResourceType<ServiceKey> ServiceKeys { get; } = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey)
    {
        MaxObjectBytes = MaxObjectBytes,
    };

    /// <summary>KeyReplica.</summary>
    public static ResourceType<KeyReplica> KeyReplicas { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyReplica.Plural, KeyReplica.KindName, true, ApiJsonContext.Default.KeyReplica, ApiJsonContext.Default.ResourceListKeyReplica)
    {
        MaxObjectBytes = MaxObjectBytes,
    };
}
