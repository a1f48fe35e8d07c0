using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.Simulation.Worlds;

/// <summary>What is between one operator and the API server: requests and answers take time, and get lost.</summary>
internal sealed class ApiNetwork(SimulatedWorld world, OperatorProcess sender, ApiConnection server) : IKubernetesApi
{
    // As the real client: a request without an answer is given up.
    public static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(3);

    public Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
        where T : class, IResource => SendAsync($"get {type.Plural}", key, () => server.GetAsync(type, key, default), cancellationToken);

    public Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource =>
        SendAsync($"list {type.Plural}", new(@namespace ?? "", ""), () => server.ListPageAsync(type, @namespace, limit, continueToken, default), cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, string? @namespace, string resourceVersion, WatchTiming timing, CancellationToken cancellationToken)
        where T : class, IResource
    {
        world.Trace.Note(sender.Identity, $"watch {type.Plural} from {resourceVersion}");
        return server.WatchAsync(type, @namespace, resourceVersion, timing, cancellationToken);
    }

    public Task<T> CreateAsync<T>(ResourceType<T> type, T resource, CancellationToken cancellationToken)
        where T : class, IResource =>
        SendAsync($"create {type.Plural}", NamespacedName.Of(resource), () => server.CreateAsync(type, resource, default), cancellationToken);

    public Task<T> MergePatchAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var letsGo = type.Plural is "servicekeys" or "keyreplicas" && patch["metadata"]?["finalizers"] is JsonArray left && !left.Any(name => (string?)name == ApiGroup.Finalizer);
        return SendAsync($"patch {type.Plural}", key, () => server.MergePatchAsync(type, key, patch, subresource, default), cancellationToken, letsGo ? $"{type.Kind}/{key}" : null);
    }

    public Task<T> ApplyAsync<T>(
        ResourceType<T> type, NamespacedName key, JsonObject body, string fieldManager, string? subresource, bool force, CancellationToken cancellationToken)
        where T : class, IResource =>
        SendAsync($"apply {type.Plural}", key, () => server.ApplyAsync(type, key, body, fieldManager, subresource, force, default), cancellationToken);

    public Task<bool> DeleteAsync<T>(
        ResourceType<T> type, NamespacedName key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource =>
        SendAsync($"delete {type.Plural}", key, () => server.DeleteAsync(type, key, uid, resourceVersion, default), cancellationToken);

    private Task<T> SendAsync<T>(string request, NamespacedName key, Func<Task<T>> carryOut, CancellationToken cancellationToken, string? released = null)
    {
        world.Scheduler.RequireThread();
        cancellationToken.ThrowIfCancellationRequested();
        var fault = world.ApiFaults.Next(request);
        if (world.Trace.KeepsNotes && !request.EndsWith("leases", StringComparison.Ordinal) && !request.EndsWith("events", StringComparison.Ordinal))
            world.Trace.Note(sender.Identity, $"{request} {key}{(fault == RequestFault.None ? "" : $" ({fault})")}");
        var answer = new TaskCompletionSource<T>();
        if (cancellationToken.CanBeCanceled)
            cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        if (fault == RequestFault.LostBefore || (world.IsApiServerDown && fault == RequestFault.None))
            sender.Process.Deliver(world.Latency(), () => answer.TrySetException(Broken()));
        else if (fault is RequestFault.ServerError or RequestFault.Throttled or RequestFault.Refused)
            sender.Process.Deliver(world.Latency(), () => answer.TrySetException(Refusal(fault)));
        else
        {
            if (released is not null)
                world.History.ReleaseSent(released);
            world.ApiServer.Deliver(fault == RequestFault.Slow ? GiveUp : world.Latency(), () => Arrive(request, key, fault, carryOut, answer, released));
        }

        if (fault == RequestFault.Slow)
            sender.Process.Deliver(GiveUp, () => answer.TrySetException(new TimeoutException("The API server did not answer in time.")));
        return answer.Task;
    }

    /// <summary>The request has arrived, whether its sender still lives or not.</summary>
    private void Arrive<T>(string request, NamespacedName key, RequestFault fault, Func<Task<T>> carryOut, TaskCompletionSource<T> answer, string? released)
    {
        var done = carryOut();
        if (!done.IsCompleted)
            throw new InvalidOperationException("The in-memory API server did not answer at once.");
        if (request == "apply servicekeys" && !done.IsFaulted)
            world.History.StatusWritten($"{ServiceKey.KindName}/{key}", sender);
        if (request == "patch servicekeys" && !done.IsFaulted)
            world.History.MetadataWritten($"{ServiceKey.KindName}/{key}", sender);
        if (released is not null)
            world.History.ReleaseArrived(released);
        if (IsChangeOfResources(request))
            world.OnApiChanged();
        if (world.Trace.KeepsNotes && Outcome(done) is { } outcome)
            world.Trace.Note("server", $"{request} {key}: {outcome}");
        world.Triggers.OnEvent(sender, request);
        sender.Process.Deliver(fault == RequestFault.Late ? Late : world.Latency(), () =>
        {
            if (fault == RequestFault.LostAfter)
                answer.TrySetException(Broken());
            else if (done.IsFaulted)
                answer.TrySetException(done.Exception!.InnerException!);
            else
                answer.TrySetResult(done.Result);
        });
    }

    /// <summary>What a reader of the trace wants to know: why the server refused, or what the resource says now.</summary>
    private static string? Outcome<T>(Task<T> done) =>
        done.IsFaulted ? done.Exception.InnerException!.Message
        : done.Result is IKeyResource { Status.Conditions: { } conditions } && conditions.FirstOrDefault(one => one.Type == ConditionTypes.Ready) is { } ready ? $"Ready={ready.Status} {ready.Reason}: {ready.Message}"
        : null;

    /// <summary>Reads change nothing, and no promise about a state is about leases and events.</summary>
    private static bool IsChangeOfResources(string request) =>
        !(request.StartsWith("get ", StringComparison.Ordinal) || request.StartsWith("list ", StringComparison.Ordinal)
            || request.EndsWith(" leases", StringComparison.Ordinal) || request.EndsWith(" events", StringComparison.Ordinal));

    private static HttpRequestException Broken() => new(HttpRequestError.ConnectionError, "The connection to the API server broke.");

    private static KubernetesApiException Refusal(RequestFault fault) => fault switch
    {
        RequestFault.Throttled => new(HttpStatusCode.TooManyRequests, "TooManyRequests", "too many requests"),
        RequestFault.Refused => new(HttpStatusCode.Conflict, "Conflict", "the object has been modified"),
        _ => new(HttpStatusCode.InternalServerError, "InternalError", "etcdserver: leader changed"),
    };
}
