using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Adds finalizers to objects and removes them, and annotations with them in the same write. Nothing else of the object changes.</summary>
/// <remarks>
/// They are written by merge patch, never by PUT, since a PUT drops fields that this version of the operator does not know. The patch
/// carries <c>metadata.resourceVersion</c>: if the object has changed, the server answers with a conflict
/// (<see cref="KubernetesApiException.IsConflict"/>). Read the object again then, and decide again.
/// </remarks>
public static class Finalizers
{
    private static readonly Dictionary<string, string?> NoAnnotations = [];

    /// <summary>Whether the object carries a finalizer.</summary>
    public static bool Has(IResource resource, string finalizer) => resource.Metadata.Finalizers?.Contains(finalizer) == true;

    /// <summary>Adds a finalizer at the end of the list. Makes no call if the object has it already.</summary>
    /// <returns>The object with the finalizer.</returns>
    public static async Task<T> AddFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, CancellationToken cancellationToken)
        where T : class, IResource =>
        Has(current, finalizer) ? current : await api.AddFinalizerAsync(type, current, finalizer, NoAnnotations, cancellationToken);

    /// <summary>Adds a finalizer at the end of the list if it is not there, and writes annotations. It always makes the call, so that the lock is asked for.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="current">The object as it was read.</param>
    /// <param name="finalizer">The finalizer.</param>
    /// <param name="annotations">Annotations to set; null removes one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object with the finalizer.</returns>
    public static Task<T> AddFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, IReadOnlyDictionary<string, string?> annotations, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var finalizers = (current.Metadata.Finalizers ?? []).Where(other => other != finalizer).Append(finalizer);
        return api.MergePatchAsync(type, NamespacedName.Of(current), Patch(current, finalizers, annotations), null, cancellationToken);
    }

    /// <summary>Removes a finalizer and keeps the others. Makes no call if the object does not have it.</summary>
    /// <returns>The object without the finalizer, or null if the object does not exist any more.</returns>
    public static async Task<T?> RemoveFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, CancellationToken cancellationToken)
        where T : class, IResource =>
        Has(current, finalizer) ? await api.RemoveFinalizerAsync(type, current, finalizer, NoAnnotations, cancellationToken) : current;

    /// <summary>Removes a finalizer, keeps the others, and writes annotations.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="current">The object as it was read.</param>
    /// <param name="finalizer">The finalizer.</param>
    /// <param name="annotations">Annotations to set; null removes one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object without the finalizer, or null if the object does not exist any more.</returns>
    public static async Task<T?> RemoveFinalizerAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, string finalizer, IReadOnlyDictionary<string, string?> annotations, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var finalizers = (current.Metadata.Finalizers ?? []).Where(other => other != finalizer);
        try
        {
            return await api.MergePatchAsync(type, NamespacedName.Of(current), Patch(current, finalizers, annotations), null, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private static JsonObject Patch(IResource current, IEnumerable<string> finalizers, IReadOnlyDictionary<string, string?> annotations)
    {
        var metadata = new JsonObject
        {
            ["resourceVersion"] = current.Metadata.ResourceVersion
                ?? throw new ArgumentException("Without a resourceVersion another writer's finalizer could be lost.", nameof(current)),
            ["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]),
        };
        if (annotations.Count > 0)
            metadata["annotations"] = new JsonObject(annotations.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
        return new JsonObject { ["metadata"] = metadata };
    }
}
