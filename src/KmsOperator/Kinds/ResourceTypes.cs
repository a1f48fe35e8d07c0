using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>The operator's own kinds, as the API server serves them.</summary>
internal static class ResourceTypes
{
    /// <summary>KeyClass.</summary>
    public static ResourceType<KeyClass> KeyClasses { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyClass.Plural, KeyClass.KindName, false, ApiJsonContext.Default.KeyClass, ApiJsonContext.Default.ResourceListKeyClass);

    /// <summary>ServiceKey.</summary>
    public static ResourceType<ServiceKey> ServiceKeys { get; } = new(
        ApiGroup.Name, ApiGroup.Version, ServiceKey.Plural, ServiceKey.KindName, true, ApiJsonContext.Default.ServiceKey, ApiJsonContext.Default.ResourceListServiceKey);

    /// <summary>KeyReplica.</summary>
    public static ResourceType<KeyReplica> KeyReplicas { get; } = new(
        ApiGroup.Name, ApiGroup.Version, KeyReplica.Plural, KeyReplica.KindName, true, ApiJsonContext.Default.KeyReplica, ApiJsonContext.Default.ResourceListKeyReplica);
}
