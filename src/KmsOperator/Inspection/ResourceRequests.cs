using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;

namespace KmsOperator.Inspection;

/// <summary>Asks the operator for something, as people do it by hand: by an annotation, or by <c>spec.suspend</c>.</summary>
/// <param name="api">The cluster.</param>
/// <param name="time">The clock, whose time is the annotations' value.</param>
internal sealed class ResourceRequests(IKubernetesApi api, TimeProvider time)
{
    /// <summary>Rotates the key once: <c>kms.servicekey.dev/rotate-at</c>.</summary>
    public Task<bool> RotateAsync(NamedResource name, CancellationToken cancellationToken) => AnnotateAsync(name, AnnotationNames.RotateAt, cancellationToken);

    /// <summary>Compares everything with AWS: <c>kms.servicekey.dev/reconcile-at</c>.</summary>
    public Task<bool> ReconcileAsync(NamedResource name, CancellationToken cancellationToken) => AnnotateAsync(name, AnnotationNames.ReconcileAt, cancellationToken);

    /// <summary>Sets <c>spec.suspend</c>, or removes it.</summary>
    public Task<bool> SuspendAsync(NamedResource name, bool suspend, CancellationToken cancellationToken) =>
        PatchAsync(name, new JsonObject { ["spec"] = new JsonObject { ["suspend"] = suspend ? true : null } }, cancellationToken);

    private Task<bool> AnnotateAsync(NamedResource name, string annotation, CancellationToken cancellationToken)
    {
        // Ticks, so that a second request within the same second is another value.
        var value = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        return PatchAsync(name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }, cancellationToken);
    }

    /// <returns>False when there is no such resource.</returns>
    private async Task<bool> PatchAsync(NamedResource name, JsonObject patch, CancellationToken cancellationToken)
    {
        try
        {
            await (name.Kind == KeyReplica.KindName
                ? api.MergePatchUnreadAsync(ResourceTypes.KeyReplicas, name.Key, patch, null, cancellationToken)
                : api.MergePatchUnreadAsync(ResourceTypes.ServiceKeys, name.Key, patch, null, cancellationToken));
            return true;
        }
        catch (KubernetesApiException e) when (e.IsNotFound)
        {
            return false;
        }
    }
}

/// <summary>A ServiceKey or KeyReplica as people name it.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Key">Namespace and name.</param>
internal sealed record NamedResource(string Kind, NamespacedName Key)
{
    private static readonly string[] ServiceKeyNames = ["sk", "servicekey", "servicekeys"];
    private static readonly string[] KeyReplicaNames = ["kr", "keyreplica", "keyreplicas"];

    /// <summary>Reads <c>name</c>, which is a ServiceKey's, or <c>kind/name</c> as kubectl takes it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="namespace">The namespace.</param>
    /// <returns>Null for another kind.</returns>
    public static NamedResource? Parse(string text, string @namespace) => text.Split('/') switch
    {
        [{ Length: > 0 } name] => new NamedResource(ServiceKey.KindName, new NamespacedName(@namespace, name)),
        [var kind, { Length: > 0 } name] when ServiceKeyNames.Contains(kind.ToLowerInvariant()) => new NamedResource(ServiceKey.KindName, new NamespacedName(@namespace, name)),
        [var kind, { Length: > 0 } name] when KeyReplicaNames.Contains(kind.ToLowerInvariant()) => new NamedResource(KeyReplica.KindName, new NamespacedName(@namespace, name)),
        _ => null,
    };

    /// <summary><c>{kind} {namespace}/{name}</c>.</summary>
    public override string ToString() => $"{Kind} {Key}";
}
