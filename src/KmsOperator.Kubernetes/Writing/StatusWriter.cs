using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Writes status by server-side apply, and only if it differs.</summary>
/// <remarks>
/// An unchanged status needs no call. Nulls and empty strings are left out, since Kubernetes 1.20 (built with Go 1.18 or later) refuses an
/// empty string in a custom resource as null. The same version refuses an apply that removes an object or a list; a merge patch removes it
/// then. On every version an apply does not remove a field that another manager owns too, for example <c>before-first-apply</c>; a merge
/// patch removes it afterwards.
/// </remarks>
public static class StatusWriter
{
    // Source: structured-merge-diff, typed/validate.go.
    private const string UnknownField = "field not declared in schema";
    private const string Outdated = "OutdatedCustomResourceDefinition";

    /// <summary>Makes <paramref name="status"/> the object's status.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="current">The object that the status was computed from.</param>
    /// <param name="status">
    /// The whole status. Fields that are not in it are removed. The order of lists of objects does not matter. Texts that are too long are
    /// shortened, see <see cref="StatusBounds"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server has it now; <paramref name="current"/> itself if there was nothing to write.</returns>
    /// <exception cref="KubernetesApiException">
    /// Conflict or not found: the object has changed since <paramref name="current"/>, was deleted, or was created again. Or the CRD does not
    /// have a field, since it is older than the operator. The server would drop that field silently.
    /// </exception>
    public static async Task<T> ApplyStatusAsync<T>(
        this IKubernetesApi api,
        ResourceType<T> type,
        T current,
        JsonObject status,
        CancellationToken cancellationToken)
        where T : class, IResource
    {
        var wanted = WithoutEmpty(status);
        StatusBounds.Apply(wanted);
        var written = JsonSerializer.SerializeToNode(current, type.Item)?["status"] as JsonObject;
        if (written is not null && StatusComparison.AreEqual(WithoutEmpty(written), wanted))
            return current;

        // The status subresource ignores metadata.uid (measured). Only resourceVersion protects another object of the same name.
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["status"] = wanted.DeepClone(),
        };
        try
        {
            var applied = await api.ApplyAsync(type, NamespacedName.Of(current), body, ApiGroup.FieldManager, "status", force: true, cancellationToken);

            return Differences(type, applied, wanted).Count > 0 ? await PatchAsync(api, type, applied, wanted, cancellationToken) : applied;
        }
        catch (KubernetesApiException e) when (e.Message.Contains(UnknownField, StringComparison.Ordinal))
        {
            throw OutdatedCrd(type, e.StatusCode, e.Message);
        }
        catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.UnprocessableEntity && e.Reason != Outdated)
        {
            // If the status itself is invalid, the server refuses this patch too.
            return await PatchAsync(api, type, current, wanted, cancellationToken);
        }
    }

    /// <summary>
    /// Makes sure, without writing, that the CRD has the fields of a status. A status that the server refuses or cuts only after something was done for it
    /// would be too late.
    /// </summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="current">The object as it was read.</param>
    /// <param name="status">The fields, beside those that the object's status has.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="KubernetesApiException">The CRD does not have a field (<see cref="IsOutdatedCrd"/>), or the object has changed or is gone.</exception>
    public static async Task CheckStatusAsync<T>(
        this IKubernetesApi api, ResourceType<T> type, T current, JsonObject status, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var wanted = WithoutEmpty(status);
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["status"] = wanted.DeepClone(),
        };
        try
        {
            var would = await api.TryApplyAsync(type, NamespacedName.Of(current), body, ApiGroup.FieldManager, "status", cancellationToken);
            if (would is not null && Differences(type, would, wanted).Where(field => field.Value is not null).Select(field => field.Key).ToArray() is { Length: > 0 } lost)
                throw OutdatedCrd(type, HttpStatusCode.UnprocessableEntity, $"the server would drop .status.{string.Join(", .status.", lost)}");
        }
        catch (KubernetesApiException e) when (e.Message.Contains(UnknownField, StringComparison.Ordinal))
        {
            throw OutdatedCrd(type, e.StatusCode, e.Message);
        }
    }

    /// <summary>Whether a write was refused since the CRD is older than the operator.</summary>
    public static bool IsOutdatedCrd(KubernetesApiException e) => e.Reason == Outdated;

    private static async Task<T> PatchAsync<T>(IKubernetesApi api, ResourceType<T> type, T current, JsonObject wanted, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["status"] = Differences(type, current, wanted),
        };
        var patched = await api.MergePatchAsync(type, NamespacedName.Of(current), patch, "status", cancellationToken);

        // Unlike an apply, a patch succeeds if the schema does not have a field; the server just drops the field.
        return Differences(type, patched, wanted) is { Count: > 0 } lost
            ? throw OutdatedCrd(type, HttpStatusCode.UnprocessableEntity, $"the server dropped .status.{string.Join(", .status.", lost.Select(field => field.Key))}")
            : patched;
    }

    private static KubernetesApiException OutdatedCrd<T>(ResourceType<T> type, HttpStatusCode code, string said)
        where T : class, IResource => new(
            code,
            Outdated,
            $"The CRD of {type.Kind} is not the one of this operator's version: {said}. Install that one; until then nothing is changed for this resource.");

    /// <summary>Returns the merge patch that changes an object's status to the wanted one; empty if they are equal.</summary>
    private static JsonObject Differences<T>(ResourceType<T> type, T current, JsonObject wanted)
        where T : class, IResource =>
        Differences(WithoutEmpty(JsonSerializer.SerializeToNode(current, type.Item)?["status"] as JsonObject ?? []), wanted);

    private static JsonObject Differences(JsonObject current, JsonObject wanted)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in wanted)
        {
            if (StatusComparison.AreEqual(current[name], value))
                continue;
            patch[name] = current[name] is JsonObject old && value is JsonObject now ? Differences(old, now) : value!.DeepClone();
        }
        foreach (var (name, _) in current.Where(member => !wanted.ContainsKey(member.Key)))
            patch[name] = null;
        return patch;
    }

    private static JsonObject WithoutEmpty(JsonObject json)
    {
        var kept = new JsonObject();
        foreach (var (name, value) in json)
        {
            if (!IsEmpty(value))
                kept[name] = WithoutEmpty(value!);
        }
        return kept;
    }

    private static JsonNode WithoutEmpty(JsonNode node) => node switch
    {
        JsonObject json => WithoutEmpty(json),
        JsonArray array => new JsonArray([.. array.Where(item => !IsEmpty(item)).Select(item => WithoutEmpty(item!))]),
        _ => node.DeepClone(),
    };

    private static bool IsEmpty(JsonNode? node) =>
        node is null || (node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0);
}
