using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>The requests that the operator sends to the API server. Tests can put another implementation in its place.</summary>
/// <remarks>
/// Every call throws <see cref="KubernetesApiException"/> when the server refuses, <see cref="HttpRequestException"/> or
/// <see cref="IOException"/> when it cannot be reached, and <see cref="TimeoutException"/> when it does not answer in time.
/// Source: Kubernetes API concepts.
/// </remarks>
public interface IKubernetesApi
{
    /// <summary>Reads an object from the server, not from a cache.</summary>
    /// <returns>The object, or null if it does not exist.</returns>
    Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>Reads one page of a list. An object that cannot be read is in <see cref="ResourceList{T}.Unreadable"/>.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="namespace">The namespace; null for all, and for cluster-scoped kinds.</param>
    /// <param name="limit">Objects per page, 1 or more.</param>
    /// <param name="continueToken">The token of the page before; null for the first page.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="KubernetesApiException">With <see cref="KubernetesApiException.IsGone"/> when the token has expired.</exception>
    Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>Streams changes until the server ends the stream. An object that cannot be read is in <see cref="WatchEvent{T}.Unreadable"/>.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="namespace">The namespace; null for all, and for cluster-scoped kinds.</param>
    /// <param name="resourceVersion">The version after which changes are wanted.</param>
    /// <param name="timing">When the server ends the stream, and when the client gives up a silent one.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="KubernetesApiException">
    /// The server refused the request or sent an error in the stream. <see cref="KubernetesApiException.IsGone"/> is true if
    /// <paramref name="resourceVersion"/> is too old.
    /// </exception>
    /// <exception cref="TimeoutException">Nothing came for <see cref="WatchTiming.Idle"/>.</exception>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>Creates an object.</summary>
    /// <exception cref="KubernetesApiException">With <see cref="KubernetesApiException.IsConflict"/> if an object of that name exists.</exception>
    Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>Changes the fields that <paramref name="patch"/> names; null removes a field, an array replaces an array.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="key">The object.</param>
    /// <param name="patch">With <c>metadata.resourceVersion</c>, refused with a conflict when the object has changed since.</param>
    /// <param name="subresource">For example <c>status</c>; null for the object itself.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <remarks>Source: RFC 7386.</remarks>
    Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>
    /// As <see cref="MergePatchAsync"/>, but the answer is not read: for an <see cref="UnreadableObject"/>, whose status can be written although
    /// its spec cannot be read.
    /// </summary>
    async Task MergePatchUnreadAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        try
        {
            await MergePatchAsync(type, key, patch, subresource, cancellationToken);
        }
        catch (JsonException)
        {
            // The patch succeeded; only the answer could not be read.
        }
    }

    /// <summary>
    /// Server-side apply: sets the fields in <paramref name="body"/>, and removes fields that this manager applied before and that are no
    /// longer in it.
    /// </summary>
    /// <param name="type">The kind.</param>
    /// <param name="key">The object. It is created if it does not exist and <paramref name="subresource"/> is null.</param>
    /// <param name="body">All that this manager wants of the object; <c>apiVersion</c>, <c>kind</c> and the name are added.</param>
    /// <param name="fieldManager">Who owns the fields, for example <see cref="ApiGroup.FieldManager"/>.</param>
    /// <param name="subresource">For example <c>status</c>; null for the object itself.</param>
    /// <param name="force">True to take over fields that another manager owns; false to get a conflict.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <remarks>Source: Kubernetes documentation, "Server-Side Apply".</remarks>
    Task<T> ApplyAsync<T>(
        ResourceType<T> type,
        NamespacedName key,
        JsonObject body,
        string fieldManager,
        string? subresource,
        bool force,
        CancellationToken cancellationToken)
        where T : class, IResource;

    /// <summary>Asks the server what <see cref="ApplyAsync"/> would come to (<c>dryRun=All</c>). Nothing is stored, and no watch hears of it.</summary>
    /// <returns>The object as it would be; null where this implementation cannot ask.</returns>
    Task<T?> TryApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource => Task.FromResult<T?>(null);

    /// <summary>Deletes an object. The cluster's garbage collector deletes objects that it owns afterwards.</summary>
    /// <param name="type">The kind.</param>
    /// <param name="key">The object.</param>
    /// <param name="uid">If set, the call is a conflict if the name now belongs to an object with another uid.</param>
    /// <param name="resourceVersion">If set, the call is a conflict if the object has changed since this version.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False if the object did not exist.</returns>
    Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource;
}
