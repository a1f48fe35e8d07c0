using System.Text.Json.Serialization.Metadata;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>A kind as the API server serves it, and how its objects are read and written.</summary>
/// <typeparam name="T">The C# type of its objects.</typeparam>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, for example <c>v1alpha1</c>.</param>
/// <param name="Plural">The name in URLs, for example <c>servicekeys</c>.</param>
/// <param name="Kind">The kind, for example <c>ServiceKey</c>.</param>
/// <param name="Namespaced">False for cluster-scoped kinds.</param>
/// <param name="Item">Source-generated JSON of one object.</param>
/// <param name="List">Source-generated JSON of a list page.</param>
/// <remarks>Source: Kubernetes API concepts, "Resource URIs".</remarks>
public sealed record ResourceType<T>(
    string Group,
    string Version,
    string Plural,
    string Kind,
    bool Namespaced,
    JsonTypeInfo<T> Item,
    JsonTypeInfo<ResourceList<T>> List)
    where T : class, IResource
{
    /// <summary>
    /// The largest object that is read from a list or a watch, in bytes of JSON without <c>managedFields</c>. A larger one is set aside as
    /// <see cref="UnreadableObject"/>. Default 4 MiB, more than etcd stores; a kind whose valid objects are smaller says so here.
    /// </summary>
    public int MaxObjectBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Returns what stores keep of an object from a list or a watch, for example without fields that nobody reads. It must keep the metadata.
    /// Default: all of it. <c>managedFields</c> are never kept.
    /// </summary>
    public Func<T, T> ToCached { get; init; } = static resource => resource;

    /// <summary>Group and version as they stand in an object's <c>apiVersion</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Path of the collection, relative to the server's address.</summary>
    /// <param name="namespace">The namespace; null or empty for all namespaces or a cluster-scoped kind.</param>
    internal string CollectionPath(string? @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return string.IsNullOrEmpty(@namespace) ? $"{root}/{Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}";
    }

    /// <summary>Path of one object or of one of its subresources.</summary>
    internal string ObjectPath(NamespacedName key, string? subresource)
    {
        if (Namespaced != (key.Namespace.Length > 0) || key.Name.Length == 0)
            throw new ArgumentException($"'{key}' does not name a {Kind}.", nameof(key));
        var path = $"{CollectionPath(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }
}
