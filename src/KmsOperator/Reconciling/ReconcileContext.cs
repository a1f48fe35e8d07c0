using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator;

/// <summary>
/// One reconciliation of one resource: the resource as it was last read or written, and the status that is being made.
/// Every write is refused by the API server if the resource has changed since, so that a stale cache cannot undo a status.
/// </summary>
internal sealed class ReconcileContext<T>
    where T : class, IKeyResource
{
    private readonly IKubernetesApi _api;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;

    public ReconcileContext(IKubernetesApi api, IEventRecorder events, TimeProvider time, ResourceType<T> type, T resource, ReconcileCacheEntry memory)
    {
        _api = api;
        _events = events;
        _time = time;
        Type = type;
        Resource = resource;
        Cache = memory;
        Status = resource.Status ?? new KeyStatus();
    }

    /// <summary>The kind.</summary>
    public ResourceType<T> Type { get; }

    /// <summary>The resource as it was last read or written.</summary>
    public T Resource { get; private set; }

    /// <summary>What the process remembers of the resource.</summary>
    public ReconcileCacheEntry Cache { get; }

    /// <summary>The status as it will be written.</summary>
    public KeyStatus Status { get; set; }

    /// <summary>Whether the resource is being deleted.</summary>
    public bool IsDeleting => Resource.Metadata.DeletionTimestamp is not null;

    /// <summary>The value of the <c>reconcile-at</c> annotation that nobody has acted on; null if there is none.</summary>
    public string? UnhandledReconcileAt =>
        Resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt) is { Length: > 0 } at && at != Status.LastHandledReconcileAt
            ? at
            : null;

    /// <summary>The value of the <c>rotate-at</c> annotation that nobody has acted on; null if there is none.</summary>
    public string? UnhandledRotateAt =>
        Resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) is { Length: > 0 } at && at != Status.LastHandledRotateAt ? at : null;

    /// <summary>Whether the resource or its key is younger than the window within which AWS may not know of all that concerns it.</summary>
    public bool IsRecent(TimeSpan consistencyWindow) =>
        Now - Resource.Metadata.CreationTimestamp < consistencyWindow || Now - Cache.MadeAt < consistencyWindow;

    /// <summary>The time.</summary>
    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Puts the operator's finalizer on.</summary>
    public async Task AddFinalizerAsync(CancellationToken cancellationToken) =>
        Resource = await _api.AddFinalizerAsync(Type, Resource, ApiGroup.Finalizer, cancellationToken);

    /// <summary>Takes the operator's finalizer off: the resource may go.</summary>
    public async Task RemoveFinalizerAsync(CancellationToken cancellationToken) =>
        Resource = await _api.RemoveFinalizerAsync(Type, Resource, ApiGroup.Finalizer, cancellationToken) ?? Resource;

    /// <summary>Reads the resource from the server.</summary>
    /// <returns>False when it is gone, or another one has its name.</returns>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var live = await _api.GetAsync(Type, NamespacedName.Of(Resource), cancellationToken);
        if (live is null || live.Metadata.Uid != Resource.Metadata.Uid)
        {
            return false;
        }

        Resource = live;
        return true;
    }

    /// <summary>Writes the status with the conditions of <paramref name="verdict"/>, if anything differs, and tells of a transition.</summary>
    public async Task SaveAsync(ReadyCondition verdict, CancellationToken cancellationToken)
    {
        var before = ResourceConditions.Find(Resource.Status?.Conditions, ConditionTypes.Ready);
        var generation = Resource.Metadata.Generation;
        Status = Status with
        {
            ObservedGeneration = generation,
            Conditions = ResourceConditions.Next(Resource.Status?.Conditions, verdict, generation, Now),
        };
        await ApplyAsync(cancellationToken);
        if (before?.Reason != verdict.Reason || before.Status != verdict.Ready)
        {
            Report(verdict.Extra == ConditionTypes.Stalled ? EventType.Warning : EventType.Normal, verdict.Reason, "Reconcile", verdict.Message);
        }
    }

    /// <summary>
    /// Like <see cref="SaveAsync"/>, and makes sure that the resource is as it was read: what is about to be done cannot be undone, and
    /// a status that is written already would otherwise say nothing of that.
    /// </summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone.</exception>
    public async Task SaveLiveAsync(ReadyCondition verdict, CancellationToken cancellationToken)
    {
        var version = Resource.Metadata.ResourceVersion;
        await SaveAsync(verdict, cancellationToken);
        if (Resource.Metadata.ResourceVersion == version)
        {
            await RequireCurrentAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Writes what the status puts on record, and leaves what it says to people as it is. Like <see cref="SaveLiveAsync"/>, it makes sure
    /// that the resource is as it was read.
    /// </summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone.</exception>
    public async Task SaveRecordAsync(CancellationToken cancellationToken)
    {
        var version = Resource.Metadata.ResourceVersion;
        Status = Status with { ObservedGeneration = Resource.Status?.ObservedGeneration, Conditions = Resource.Status?.Conditions };
        await ApplyAsync(cancellationToken);
        if (Resource.Metadata.ResourceVersion == version)
        {
            await RequireCurrentAsync(cancellationToken);
        }
    }

    /// <summary>Reads the resource from the server, and goes on only if it is as it was last read or written.</summary>
    /// <exception cref="KubernetesApiException">Conflict: it has changed, or is gone.</exception>
    public async Task RequireCurrentAsync(CancellationToken cancellationToken)
    {
        if (!await IsCurrentAsync(cancellationToken))
        {
            throw new KubernetesApiException(HttpStatusCode.Conflict, "Conflict", $"{Type.Kind} {NamespacedName.Of(Resource)} has changed since it was read.");
        }
    }

    /// <summary>Whether the server still has the resource as it was last read or written.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        var version = Resource.Metadata.ResourceVersion;
        return await RefreshAsync(cancellationToken) && Resource.Metadata.ResourceVersion == version;
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var body = (JsonObject)JsonSerializer.SerializeToNode(Status, ApiJsonContext.Default.KeyStatus)!;
        try
        {
            Resource = await _api.ApplyStatusAsync(Type, Resource, body, cancellationToken);
        }
        catch
        {
            // What was seen in this pass is not on record, or half of it: it is looked at again.
            Cache.CompareAt = Now;
            throw;
        }
    }

    /// <summary>Sends an event about the resource.</summary>
    public void Report(EventType type, string reason, string action, string note) => _events.Record(Resource, type, reason, action, note);
}
