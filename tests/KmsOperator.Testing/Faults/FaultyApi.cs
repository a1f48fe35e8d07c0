using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Faults;

/// <summary>The API server as one operator meets it: with faults, and with no other KeyClass than its own.</summary>
internal sealed class FaultyApi(IKubernetesApi inner, FaultPlan plan, string className) : ForwardingApi(inner)
{
    public override async Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
    {
        var page = await base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        return page with { Items = [.. page.Items.Where(IsOwn)] };
    }

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var change in base.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken))
        {
            if (change.Kind == WatchEventKind.Bookmark || IsOwn(change.Resource!))
            {
                yield return change;
            }
        }
    }

    public override Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken) =>
        SendAsync(type, $"k8s create {type.Kind}/{resource.Metadata.Name}", () => base.CreateAsync(type, resource, cancellationToken));

    public override Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken) => SendAsync(
            type,
            subresource is not null ? NameOfStatus(type.Kind, key.Name, (JsonObject)patch["status"]!)
                : patch["metadata"]?["finalizers"] is JsonArray kept
                    ? $"k8s {(kept.Any(one => one!.GetValue<string>() == ApiGroup.Finalizer) ? "add" : "remove")} finalizer {type.Kind}/{key.Name}"
                    : $"k8s patch {type.Kind}/{key.Name}",
            () => base.MergePatchAsync(type, key, patch, subresource, cancellationToken));

    public override Task<T> ApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken) => SendAsync(
            type,
            subresource is not null ? NameOfStatus(type.Kind, key.Name, (JsonObject)body["status"]!) : $"k8s apply {type.Kind}/{key.Name}",
            () => base.ApplyAsync(type, key, body, fieldManager, subresource, force, cancellationToken));

    public override Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken) => SendAsync(
            type, $"k8s delete {type.Kind}/{key.Name}", () => base.DeleteAsync(type, key, uid, resourceVersion, cancellationToken));

    /// <summary>
    /// Named by what it puts on record, which is the same in each run of a flow: an attempt, a key that was made, found or is about to be changed. What else a status says
    /// is a report. Apply or patch is not in the name: an old server refuses some of what is applied, and takes it as a patch.
    /// </summary>
    private static string NameOfStatus(string kind, string name, JsonObject status)
    {
        var resource = $"{kind}/{name}";
        var ready = status["conditions"]?.AsArray().FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == ConditionTypes.Ready);
        var reason = ready?["reason"]?.GetValue<string>();
        return status["rotationAttempt"] is not null ? FaultPoint.Recording(resource, "rotation")
            : status["keyId"] is not null && status["desiredSha256"] is null && reason == Reasons.Progressing ? FaultPoint.Recording(resource, "key")
            : FaultPoint.Reporting(resource, ready?["status"]?.GetValue<string>() == "True" ? "Ready" : reason ?? "rest");
    }

    // Events are told, not kept: losing one changes nothing. The class and the lease are the setting, not the subject.
    private Task<TAnswer> SendAsync<T, TAnswer>(ResourceType<T> type, string request, Func<Task<TAnswer>> send)
        where T : class, IResource
    {
        if (type.Kind is "Event" or "Lease" or KeyClass.KindName)
        {
            return send();
        }

        return plan.SendAsync(request, send, _ => true, mode => throw (mode == FaultMode.Throttle
            ? new KubernetesApiException(HttpStatusCode.TooManyRequests, "TooManyRequests", "Too many requests, please try again later.", TimeSpan.FromSeconds(1))
            : new KubernetesApiException(HttpStatusCode.InternalServerError, "InternalError", "etcdserver: request timed out", null)));
    }

    private bool IsOwn(IResource resource) => resource is not KeyClass keyClass || keyClass.Metadata.Name == className;
}
