using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>A person with <c>kubectl</c>: reads and writes objects of any kind as JSON or YAML. No hook of a connection disturbs it.</summary>
/// <param name="server">The server.</param>
/// <param name="manager">The field manager of what this user writes.</param>
public sealed class ClusterUser(InMemoryApiServer server, string manager = "kubectl")
{
    /// <summary>As <c>kubectl apply --server-side --force-conflicts</c>: every document of a YAML text.</summary>
    /// <param name="yaml">Manifests. Those that name no namespace go into <paramref name="namespace"/>.</param>
    /// <param name="namespace">Created when it is missing.</param>
    public void Apply(string yaml, string @namespace = "default")
    {
        foreach (var manifest in YamlManifests.Read(yaml))
        {
            var kind = KindOf(manifest);
            var key = KeyOf(kind, manifest, @namespace);
            if (kind.IsNamespaced)
                EnsureNamespace(key.Namespace);
            server.Apply(kind, key, manifest, manager, null, true);
        }
    }

    /// <summary>As <c>kubectl create</c>: every document of a YAML text.</summary>
    /// <exception cref="KubernetesApiException">The server refuses one.</exception>
    public void Create(string yaml, string @namespace = "default")
    {
        foreach (var manifest in YamlManifests.Read(yaml))
        {
            var kind = KindOf(manifest);
            server.Create(kind, KeyOf(kind, manifest, @namespace).Namespace, manifest, manager);
        }
    }

    /// <summary>As <c>kubectl replace</c>: an object as a whole.</summary>
    /// <exception cref="KubernetesApiException">The server refuses it.</exception>
    public void Replace(string yaml, string? subresource = null, string @namespace = "default")
    {
        foreach (var manifest in YamlManifests.Read(yaml))
        {
            var kind = KindOf(manifest);
            server.Replace(kind, KeyOf(kind, manifest, @namespace), manifest, subresource, manager);
        }
    }

    /// <summary>As <c>kubectl patch --type merge</c>.</summary>
    /// <param name="kind">For example <c>ServiceKey</c>.</param>
    /// <param name="key">The object.</param>
    /// <param name="patch">JSON, or YAML in flow style.</param>
    /// <param name="subresource">For example <c>status</c>; null for the object.</param>
    /// <exception cref="KubernetesApiException">The server refuses it.</exception>
    public void Patch(string kind, NamespacedName key, string patch, string? subresource = null) =>
        server.Patch(Kind(kind), key, YamlManifests.Read(patch).Single(), subresource, manager);

    /// <summary>As <c>kubectl annotate --overwrite</c>; null removes the annotation.</summary>
    public void Annotate(string kind, NamespacedName key, string annotation, string? value) => server.Patch(
        Kind(kind), key, new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }, null, manager);

    /// <summary>As <c>kubectl delete --wait=false</c>.</summary>
    /// <exception cref="KubernetesApiException">There is no such object.</exception>
    public void Delete(string kind, NamespacedName key) => server.Delete(Kind(kind), key, null, null);

    /// <summary>A copy of an object, <c>managedFields</c> included.</summary>
    /// <returns>Null when there is none.</returns>
    public JsonObject? Find(string kind, NamespacedName key) => server.Find(Kind(kind), key)?.Copy();

    /// <summary>A copy of an object that is there.</summary>
    /// <exception cref="KubernetesApiException">There is none.</exception>
    public JsonObject Get(string kind, NamespacedName key) => Find(kind, key) ?? throw ApiErrors.NotFound(Kind(kind).Resource, key.Name);

    /// <summary>Copies of all objects of a kind, or of those in one namespace.</summary>
    public IReadOnlyList<JsonObject> List(string kind, string? @namespace = null) =>
        [.. server.List(Kind(kind), @namespace, 0, null).Items.Select(found => found.Copy())];

    /// <summary>Creates a namespace unless it is there.</summary>
    public void EnsureNamespace(string name)
    {
        if (Find("Namespace", new("", name)) is null)
            server.Create(Kind("Namespace"), null, new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } }, manager);
    }

    private static NamespacedName KeyOf(ServedKind kind, JsonObject manifest, string @namespace) =>
        new(kind.IsNamespaced ? (string?)manifest["metadata"]?["namespace"] ?? @namespace : "", (string?)manifest["metadata"]?["name"] ?? "");

    private ServedKind KindOf(JsonObject manifest) =>
        server.Kinds.FindKind((string?)manifest["apiVersion"] ?? "", (string?)manifest["kind"] ?? "") ?? throw ApiErrors.NotServed();

    private ServedKind Kind(string name) => server.Kinds.All.FirstOrDefault(kind => kind.Kind == name) ?? throw ApiErrors.NotServed();
}
