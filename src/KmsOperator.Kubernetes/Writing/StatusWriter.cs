using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Writes status by server-side apply, and only when it differs.</summary>
/// <remarks>
/// A changed status is an event for every watcher, an unchanged one is not, but both are a call. Nulls and empty strings are left
/// out: a server of 1.20 built with Go 1.18 or later takes an empty string in a custom resource for null and refuses it. The same
/// server makes null of an object or list that an apply removes, and refuses that; there a merge patch does what the apply could
/// not. On any server a field stays that another manager has owned as well, such as <c>before-first-apply</c>; a merge patch
/// removes what an apply left over.
/// </remarks>
public static class StatusWriter
{
    // Source: structured-merge-diff, typed/validate.go.
    private const string UnknownField = "field not declared in schema";
    private const string Outdated = "OutdatedCustomResourceDefinition";

    /// <summary>Makes <paramref name="status"/> the object's status, as far as the operator owns it.</summary>
    /// <param name="api">The API server.</param>
    /// <param name="type">The kind.</param>
    /// <param name="current">The object that the status was computed from.</param>
    /// <param name="status">The whole status; what is not in it goes. Lists of objects count as equal in any order.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server has it now; <paramref name="current"/> itself when there was nothing to write.</returns>
    /// <exception cref="KubernetesApiException">
    /// Conflict or not found: the object has changed since <paramref name="current"/>, is another one of the name, or gone. Or the CRD does not know a field: it is older than the operator,
    /// and a record that the server would drop is no record.
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
        var written = JsonSerializer.SerializeToNode(current, type.Item)?["status"] as JsonObject;
        if (written is not null && StatusComparison.AreEqual(WithoutEmpty(written), wanted))
            return current;

        // A status subresource ignores metadata.uid (measured), so only the version tells another object of the same name.
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["status"] = wanted.DeepClone(),
        };
        try
        {
            var applied = await api.ApplyAsync(type, NamespacedName.Of(current), body, ApiGroup.FieldManager, "status", force: true, cancellationToken);

            // What the apply left over goes.
            return Differences(type, applied, wanted).Count > 0 ? await PatchAsync(api, type, applied, wanted, cancellationToken) : applied;
        }
        catch (KubernetesApiException e) when (e.Message.Contains(UnknownField, StringComparison.Ordinal))
        {
            throw OutdatedCrd(type, e.StatusCode, e.Message);
        }
        catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.UnprocessableEntity && e.Reason != Outdated)
        {
            // What is wrong with the status itself, and not with the apply, is refused here as well.
            return await PatchAsync(api, type, current, wanted, cancellationToken);
        }
    }

    private static async Task<T> PatchAsync<T>(IKubernetesApi api, ResourceType<T> type, T current, JsonObject wanted, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = current.Metadata.ResourceVersion },
            ["status"] = Differences(type, current, wanted),
        };
        var patched = await api.MergePatchAsync(type, NamespacedName.Of(current), patch, "status", cancellationToken);

        // Unlike an apply, a patch succeeds when the server drops a field that its schema does not have.
        return Differences(type, patched, wanted) is { Count: > 0 } lost
            ? throw OutdatedCrd(type, HttpStatusCode.UnprocessableEntity, $"the server dropped .status.{string.Join(", .status.", lost.Select(field => field.Key))}")
            : patched;
    }

    private static KubernetesApiException OutdatedCrd<T>(ResourceType<T> type, HttpStatusCode code, string said)
        where T : class, IResource => new(
            code,
            Outdated,
            $"The CRD of {type.Kind} is not the one of this operator's version: {said}. Install that one; until then nothing is changed for this resource.");

    /// <summary>The merge patch that makes an object's status what is wanted; empty when it is that already.</summary>
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
