using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator;

/// <summary>
/// Puts resources into groups by KeyClass: a class is an account and its credentials, so its resources are throttled and fail together.
/// The default class, where no name says which that is, has the empty name.
/// </summary>
internal sealed class FairQueuing(IResourceStore<ServiceKey> keys, IResourceStore<KeyReplica> replicas)
{
    /// <summary>The group of a ServiceKey.</summary>
    public string OfKey(NamespacedName key) =>
        keys.TryGet(key, out var resource) ? resource.Status?.ClassName ?? resource.Spec.ClassName ?? "" : "";

    /// <summary>The group of a KeyReplica; a new one goes with its primary.</summary>
    public string OfReplica(NamespacedName key)
    {
        if (!replicas.TryGet(key, out var replica))
        {
            return "";
        }

        return replica.Status?.ClassName
            ?? (replica.Spec.PrimaryRef is { } primary ? OfKey(new NamespacedName(key.Namespace, primary.Name)) : replica.Spec.ClassName ?? "");
    }
}
