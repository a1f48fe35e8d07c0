using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.Runtime;
using KmsOperator.Kubernetes;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>The real API server as one operator instance meets it: with faults, and with no other KeyClass than its own.</summary>
internal sealed class FaultyApi(IKubernetesApi inner, FaultPlan plan, string className) : ForwardingApi(inner)
{
    public override Task<T?> GetAsync<T>(ResourceType<T> type, ResourceKey key, CancellationToken cancellationToken)
        where T : class
    {
        plan.ThrowIfDead();
        return base.GetAsync(type, key, cancellationToken);
    }

    public override async Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
    {
        plan.ThrowIfDead();
        var page = await base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        return page with { Items = [.. page.Items.Where(IsOwn)] };
    }

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        plan.ThrowIfDead();
        await foreach (var change in base.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken))
        {
            plan.ThrowIfDead();
            if (change.Kind == WatchEventKind.Bookmark || IsOwn(change.Resource))
            {
                yield return change;
            }
        }
    }

    public override Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken) =>
        SendAsync("create", type, null, () => base.CreateAsync(type, resource, cancellationToken));

    public override Task<T> MergePatchAsync<T>(
        ResourceType<T> type, ResourceKey key, JsonObject patch, string? subresource, CancellationToken cancellationToken) =>
        SendAsync("patch", type, subresource, () => base.MergePatchAsync(type, key, patch, subresource, cancellationToken));

    public override Task<T> ApplyAsync<T>(
        ResourceType<T> type, ResourceKey key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken) =>
        SendAsync("apply", type, subresource, () => base.ApplyAsync(type, key, body, fieldManager, subresource, force, cancellationToken));

    public override Task<bool> DeleteAsync<T>(
        ResourceType<T> type, ResourceKey key, string? uid, string? resourceVersion, CancellationToken cancellationToken) =>
        SendAsync("delete", type, null, () => base.DeleteAsync(type, key, uid, resourceVersion, cancellationToken));

    // Events are told, not kept: losing one changes nothing. The class and the lease are the setting, not the subject.
    private Task<TAnswer> SendAsync<T, TAnswer>(string verb, ResourceType<T> type, string? subresource, Func<Task<TAnswer>> send)
        where T : class, IResource
    {
        if (type.Kind is "Event" or "Lease" or KeyClass.KindName)
        {
            plan.ThrowIfDead();
            return send();
        }

        return plan.SendAsync($"k8s {verb} {type.Kind}{(subresource is null ? "" : "/" + subresource)}", send, mode => throw (mode == FaultMode.Throttle
            ? new KubernetesApiException(HttpStatusCode.TooManyRequests, "TooManyRequests", "Too many requests, please try again later.", TimeSpan.FromSeconds(1))
            : new KubernetesApiException(HttpStatusCode.InternalServerError, "InternalError", "etcdserver: request timed out", null)));
    }

    private bool IsOwn(IResource resource) => resource is not KeyClass keyClass || keyClass.Metadata.Name == className;
}
