using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Puts finalizers on objects and takes them off, without touching anything else of the object.</summary>
/// <remarks>
/// By merge patch with <c>metadata.resourceVersion</c>, never by PUT: a PUT drops the fields that this version does not model.
/// A stale object is refused with a conflict (<see cref="KubernetesApiException.IsConflict"/>): read again and decide again.
/// </remarks>
public static class Finalizers
{
    /// <summary>Whether the object carries a finalizer.</summary>
    public static bool Has(IResource resource, string finalizer) => resource.Metadata.Finalizers?.Contains(finalizer) == true;

    /// <summary>Adds a finalizer behind those that are there; no call when it is there already.</summary>
    /// <returns>The object with the finalizer.</returns>
    public static async Task<T> AddFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, CancellationToken cancellationToken)
        where T : class, IResource
    {
        if (Has(current, finalizer))
            return current;
        var finalizers = (current.Metadata.Finalizers ?? []).Append(finalizer);
        return await api.MergePatchAsync(type, NamespacedName.Of(current), Patch(current, finalizers), null, cancellationToken);
    }

    /// <summary>Removes a finalizer and keeps the others; no call when it is not there.</summary>
    /// <returns>The object without the finalizer, or null when the object is gone already.</returns>
    public static async Task<T?> RemoveFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, CancellationToken cancellationToken)
        where T : class, IResource
    {
        if (!Has(current, finalizer))
            return current;
        var finalizers = (current.Metadata.Finalizers ?? []).Where(other => other != finalizer);
        try
        {
            return await api.MergePatchAsync(type, NamespacedName.Of(current), Patch(current, finalizers), null, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private static JsonObject Patch(IResource current, IEnumerable<string> finalizers) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = current.Metadata.ResourceVersion
                ?? throw new ArgumentException("Without a resourceVersion another writer's finalizer could be lost.", nameof(current)),
            ["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]),
        },
    };
}
