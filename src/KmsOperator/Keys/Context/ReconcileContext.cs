using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;

namespace KmsOperator.Keys.Context;

/// <summary>
/// One reconcile of one resource. It holds the resource as it was last read or written, and it is the only place that writes the
/// resource's status. The API server refuses every write if the resource has changed since, so a stale cache cannot undo a status.
/// </summary>
/// <remarks>
/// The lease is checked before each write of the resource, and not only before each write to AWS. A process that leads no more, and does not
/// know it yet, could otherwise replace the record of an attempt that the leader is about to send, and then two keys would be made.
/// </remarks>
internal sealed class ReconcileContext<T>(
    IKubernetesApi api, IEventRecorder events, TimeProvider time, ResourceType<T> type, T resource, ReconcileCacheEntry cache, IWriteFence? fence = null,
    ComparisonRequest? comparisonRequest = null)
    where T : class, IKeyResource
{
    /// <summary>The resource as it was last read or written.</summary>
    public T Resource { get; private set; } = resource;

    /// <summary>What this process remembers of the resource between reconciles.</summary>
    public ReconcileCacheEntry Cache { get; } = cache;

    /// <summary>The request to compare the key because somebody else has changed it; null if there is none.</summary>
    public ComparisonRequest? ComparisonRequest { get; } = comparisonRequest;

    /// <summary>Whether the key was compared, or could not be and the status says so.</summary>
    public bool IsCompared { get; set; }

    /// <summary>The current time.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>When this process first looked at the resource's key. What was written in AWS before that may still be invisible.</summary>
    public DateTimeOffset FirstSeenAt => Cache.FirstSeenAt ?? Now;

    /// <summary>
    /// The status as it was last read or written, with what an attempt on record says of the key to come, and with the aliases and rotations that this process has put there and
    /// somebody has taken out.
    /// </summary>
    public KeyStatus Status => WithRemembered(CreateAttempt.StatusOf(Resource));

    /// <summary>
    /// Whether the status lacks what this process has recorded of the key's aliases and rotations: somebody has changed it, or restored a backup. It says that the key was as
    /// described at an earlier time.
    /// </summary>
    public bool IsRecordLost => CreateAttempt.StatusOf(Resource) is var stored && !ReferenceEquals(WithRemembered(stored), stored);

    /// <summary>The attempt on record of which it is open whether it made a key; null if there is none.</summary>
    public CreateAttempt? OpenAttempt => !Cache.HasNoKey && CreateAttempt.Of(Resource) is { } attempt && attempt.Id != Cache.SettledAttemptId ? attempt : null;

    /// <summary>The resource's namespace.</summary>
    public string Namespace => NamespacedName.Of(Resource).Namespace;

    /// <summary>Whether the resource is being deleted.</summary>
    public bool IsDeleting => Resource.Metadata.DeletionTimestamp is not null;

    /// <summary>The value of the <c>reconcile-at</c> annotation that the operator has not acted on yet; null if there is none.</summary>
    public string? UnhandledReconcileAt => Annotation(AnnotationNames.ReconcileAt) is { } at && at != Status.LastHandledReconcileAt ? at : null;

    /// <summary>Whether somebody asks for a comparison now: by the <c>reconcile-at</c> annotation, or by changing the key.</summary>
    public bool IsComparisonAsked => UnhandledReconcileAt is not null || ComparisonRequest is not null;

    /// <summary>
    /// Whether the spec has changed since the status was written. This process, or one before it, may have begun to bring the key to such a spec, and nothing else may say so.
    /// </summary>
    public bool IsSpecNew => Resource.Status?.ObservedGeneration != Resource.Metadata.Generation;

    /// <summary>Whether this process has found that the key in the status is the resource's.</summary>
    public bool IsKeyVerified => Status.KeyId is not null && Cache.OwnKeyId == Status.KeyId;

    /// <summary>The key in the status turned out to be another resource's: whose it is, is looked at again.</summary>
    public void DoubtKey()
    {
        if (IsKeyVerified)
        {
            Cache.OwnKeyId = null;
        }
    }

    /// <summary>Whether the resource, its key or the key's owner tags are so new that AWS may not yet know everywhere what concerns it.</summary>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public bool IsRecent(TimeSpan consistencyWindow)
    {
        bool IsWithin(DateTimeOffset? since) => since is { } at && Now - at < consistencyWindow;
        return IsWithin(Resource.Metadata.CreationTimestamp) || IsWithin(Cache.CreatedAt) || IsWithin(Cache.TaggedAt);
    }

    /// <summary>
    /// Whether the resource may have a key that only the key's tags know: its status or the record of its attempt is gone, or cannot be read. The finalizer
    /// is added by the write that records an attempt, and goes when KMS refuses, so a resource that has it, and no record, had one. So had one from which people, or a restored backup, have taken
    /// it since this process has seen it.
    /// </summary>
    public bool IsStatusLost => (Cache.HadFinalizer || Finalizers.Has(Resource, ApiGroup.Finalizer)) && !Cache.HasNoKey && Status.KeyId is null && CreateAttempt.Of(Resource) is null;

    /// <summary>
    /// From when on KMS must show the effect of a recorded attempt, if it had one: a consistency window after the call of the attempt can have arrived, after this
    /// process first saw the resource (the clock of the process that recorded the attempt may differ), and after a call without an answer.
    /// </summary>
    /// <param name="startedAt">When the attempt was recorded.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public DateTimeOffset DecidedAt(DateTimeOffset startedAt, TimeSpan consistencyWindow)
    {
        var arrivedAt = startedAt + AwsClients.CallTimeout;
        var latest = arrivedAt > FirstSeenAt ? arrivedAt : FirstSeenAt;
        return (Cache.UnansweredAt is { } unansweredAt && unansweredAt > latest ? unansweredAt : latest) + consistencyWindow;
    }

    /// <summary>
    /// From when on KMS must show the key of an attempt, if it made one: a consistency window after its call can have arrived. A process that ended before this one looked may have sent that
    /// just before its end, also where it recorded the attempt long before: it may have stood still in between. The time on record does not count: clocks differ, and people may edit annotations.
    /// </summary>
    /// <param name="attempt">The attempt; null where its record is lost.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public DateTimeOffset DecidedAt(CreateAttempt? attempt, TimeSpan consistencyWindow)
    {
        if (Cache.Sought is null || Cache.Sought.AttemptId != attempt?.Id)
        {
            Cache.Sought = new SoughtAttempt(attempt?.Id, Now);
        }

        var arrivedAt = Cache.Sought.Since + AwsClients.CallTimeout;
        return (Cache.UnansweredAt > arrivedAt ? Cache.UnansweredAt.Value : arrivedAt) + consistencyWindow;
    }

    /// <summary>Notes whether the resource has the finalizer. One of an attempt that made no key may still be in the cache.</summary>
    public void LookForFinalizer() =>
        Cache.HadFinalizer |= Finalizers.Has(Resource, ApiGroup.Finalizer) && (CreateAttempt.Of(Resource) is not { } attempt || attempt.Id != Cache.SettledAttemptId);

    /// <summary>Notes when this process first looked at the resource's key, if it has not looked before.</summary>
    /// <remarks>
    /// A process before this one may have been killed between a call and its answer: where an alias or a grant is on record that the key was about to get, or a change of the key was
    /// begun just before. That counts as a call without an answer that this process has sent itself: it may still make what is to be gone by now, or enable a key that is to be disabled.
    /// </remarks>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public void LookFirst(TimeSpan consistencyWindow)
    {
        if (Cache.FirstSeenAt is not null)
        {
            return;
        }

        Cache.FirstSeenAt = Now;
        if (Now - Status.LastChangedAt < consistencyWindow
            || Status is { PendingAliasName: not null } or { FormerAliasNames.Count: > 0 } or { FormerGrantNames.Count: > 0 })
        {
            Cache.RecordUnansweredChange(LatestForeignCall);
            Cache.DelayRelease(LatestForeignCall);
        }
    }

    /// <summary>Until when a process before this one would have waited for the answer to its last call. It can have sent that just before this one first looked at the key.</summary>
    public DateTimeOffset LatestForeignCall => FirstSeenAt + AwsClients.CallTimeout;

    /// <summary>Whether KMS has answered that the key does not exist, the last time that this process looked.</summary>
    public bool WasMissing => Cache.Unseen is { } unseen && unseen.KeyId == Status.KeyId;

    /// <summary>For how long KMS has answered that the key does not exist; zero or less at the first such answer. Somebody may have put another key into the status meanwhile: that one is missing only since then.</summary>
    /// <param name="lookedAt">When the present look at the key began. What else it reads may take long, and meanwhile KMS may show the key.</param>
    public TimeSpan MissingFor(DateTimeOffset lookedAt)
    {
        if (!WasMissing)
        {
            Cache.Unseen = new UnseenKey(Status.KeyId, Now);
        }

        return lookedAt - Cache.Unseen!.Since;
    }

    /// <summary>The value of an annotation; null if it is absent or empty.</summary>
    public string? Annotation(string name) => Resource.Metadata.Annotations?.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>Adds the operator's finalizer, if it is not there. The record of an attempt that made no key means nothing any more, and goes with the same write.</summary>
    public async Task AddFinalizerAsync(CancellationToken cancellationToken)
    {
        CheckLease();
        if (!Finalizers.Has(Resource, ApiGroup.Finalizer))
        {
            Resource = await api.AddFinalizerAsync(type, Resource, ApiGroup.Finalizer, OpenAttempt is null && Status.KeyId is null ? AttemptRemoved() : [], cancellationToken);
        }
    }

    /// <summary>Records an attempt to create the key, and adds the finalizer, in one write that is refused if the resource has changed.</summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone. The attempt must not be sent.</exception>
    public Task RecordAttemptAsync(CreateAttempt attempt, CancellationToken cancellationToken)
    {
        CheckLease();
        if (OpenAttempt?.Id != attempt.Id)
        {
            // If the answer to this write is lost, the attempt is on record but was never sent.
            Cache.SettledAttemptId = attempt.Id;
        }

        return RecordMakingAsync(attempt, cancellationToken);
    }

    /// <summary>Records how a key was made that the resource takes up, and adds the finalizer, in one write that is refused if the resource has changed.</summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone.</exception>
    public async Task RecordMakingAsync(CreateAttempt attempt, CancellationToken cancellationToken)
    {
        CheckLease();
        var annotations = attempt.ToAnnotations().ToDictionary(one => one.Key, one => (string?)one.Value);
        Resource = await api.AddFinalizerAsync(type, Resource, ApiGroup.Finalizer, annotations, cancellationToken);
    }

    /// <summary>Takes the record of an attempt that made no key off the resource, and the finalizer with it.</summary>
    public async Task WithdrawAttemptAsync(CancellationToken cancellationToken)
    {
        CheckLease();
        Resource = await api.RemoveFinalizerAsync(type, Resource, ApiGroup.Finalizer, AttemptRemoved(), cancellationToken) ?? Resource;
        Cache.HadFinalizer = false;
    }

    /// <summary>Makes sure, without writing, that the CRD has the fields of a status.</summary>
    public Task CheckStatusAsync(KeyStatus status, CancellationToken cancellationToken) =>
        api.CheckStatusAsync(type, Resource, (JsonObject)JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.KeyStatus)!, cancellationToken);

    /// <summary>Removes the operator's finalizer, so that the API server can delete the resource.</summary>
    public async Task RemoveFinalizerAsync(CancellationToken cancellationToken)
    {
        CheckLease();
        Resource = await api.RemoveFinalizerAsync(type, Resource, ApiGroup.Finalizer, cancellationToken) ?? Resource;
    }

    /// <summary>Reads the resource from the server.</summary>
    /// <returns>False when it is gone, or when another resource has its name.</returns>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var live = await api.GetAsync(type, NamespacedName.Of(Resource), cancellationToken);
        if (live is null || live.Metadata.Uid != Resource.Metadata.Uid)
        {
            return false;
        }

        Resource = live;
        return true;
    }

    /// <summary>Whether the server still has the resource as it was last read or written.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        var version = Resource.Metadata.ResourceVersion;
        return await RefreshAsync(cancellationToken) && Resource.Metadata.ResourceVersion == version;
    }

    /// <summary>Makes sure that the server still has the resource as it was last read or written.</summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone. Nothing may be done.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (!await IsCurrentAsync(cancellationToken))
        {
            throw Outdated();
        }
    }

    /// <summary>Makes sure that the spec of the resource, which may have been read again since, is the one that this reconcile is based on.</summary>
    /// <param name="generation">The generation of the spec that it is based on.</param>
    /// <exception cref="KubernetesApiException">Conflict: the spec has changed.</exception>
    public void ConfirmGeneration(long? generation)
    {
        if (Resource.Metadata.Generation != generation)
        {
            throw Outdated();
        }
    }

    /// <summary>
    /// Records what is about to be done to AWS, before it is done, so that it is known after a crash. Also makes sure that the resource is as
    /// it was read, even when the record was there already.
    /// </summary>
    /// <param name="status">The status with the record.</param>
    /// <param name="progress">What is being done, for the conditions; null leaves the conditions as they are.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone. Nothing may be done.</exception>
    public async Task RecordAsync(KeyStatus status, string? progress, CancellationToken cancellationToken)
    {
        var version = Resource.Metadata.ResourceVersion;
        if (progress is null)
        {
            await ApplyAsync(
                status with { ObservedGeneration = Resource.Status?.ObservedGeneration, Conditions = Resource.Status?.Conditions }, cancellationToken);
        }
        else
        {
            await WriteStatusAsync(status, ReadyCondition.Waiting(Reasons.Progressing, progress), cancellationToken);
        }

        if (Resource.Metadata.ResourceVersion == version)
        {
            await ConfirmAsync(cancellationToken);
        }
    }

    /// <summary>Writes the status with its conditions, if anything differs, and sends an event when <c>Ready</c> has changed.</summary>
    public async Task WriteStatusAsync(KeyStatus status, ReadyCondition ready, CancellationToken cancellationToken)
    {
        var before = ResourceConditions.Find(Resource.Status?.Conditions, ConditionTypes.Ready);
        var generation = Resource.Metadata.Generation;
        if (IsSpecNew && ready.Ready != "True" && status.DesiredSha256 == Resource.Status?.DesiredSha256)
        {
            // The key may be between two specs. Until now the generation said so, and this status says that the spec was seen.
            status = status with { DesiredSha256 = null };
        }

        await ApplyAsync(
            status with { ObservedGeneration = generation, Conditions = ResourceConditions.Next(Resource.Status?.Conditions, ready, generation, Now) },
            cancellationToken);
        if (before?.Reason != ready.Reason || before.Status != ready.Ready)
        {
            RecordEvent(ready.Extra == ConditionTypes.Stalled ? EventType.Warning : EventType.Normal, ready.Reason, "Reconcile", ready.Message);
        }
    }

    /// <summary>Sends an event about the resource.</summary>
    public void RecordEvent(EventType type, string reason, string action, string note) => events.Record(Resource, type, reason, action, note);

    private async Task ApplyAsync(KeyStatus status, CancellationToken cancellationToken)
    {
        var body = (JsonObject)JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.KeyStatus)!;
        try
        {
            CheckLease();
            Resource = await api.ApplyStatusAsync(type, Resource, body, cancellationToken);
            if (status.KeyId is not null)
            {
                // What a status says that names another key must not replace what is remembered of the resource's own.
                Cache.Written = Cache.Written is { } own && own.KeyId == Cache.OwnKeyId && own.KeyId != status.KeyId ? own : WrittenStatus.Of(status);
                Cache.Created = null;
                Cache.Sought = null;
            }
        }
        catch
        {
            // What this reconcile saw was not stored, or only in part, so the next reconcile compares the key again.
            Cache.CompareAt = Now;
            throw;
        }
    }

    private Dictionary<string, string?> AttemptRemoved() =>
        Resource.Metadata.Annotations is { } annotations && (annotations.ContainsKey(AnnotationNames.CreateAttempt) || annotations.ContainsKey(AnnotationNames.CreateDetails))
            ? new() { [AnnotationNames.CreateAttempt] = null, [AnnotationNames.CreateDetails] = null }
            : [];

    private KeyStatus WithRemembered(KeyStatus status) => RotationHistory.WithRemembered(AliasHistory.WithRemembered(status, Cache.Written), Cache.Written);

    private KubernetesApiException Outdated() => new(HttpStatusCode.Conflict, "Conflict", $"{type.Kind} {NamespacedName.Of(Resource)} has changed since it was read.");

    private void CheckLease()
    {
        if (fence?.IsOpen == false)
        {
            throw new LeaseNotHeldException($"{type.Kind} {NamespacedName.Of(Resource)} was not written: this instance has not renewed its lease in time.");
        }
    }
}

/// <summary>A resource was not written, since another instance may lead by now. The reconcile ends, and decides nothing.</summary>
internal sealed class LeaseNotHeldException(string message) : Exception(message);
