using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Rotate;

/// <summary>
/// Rotates keys on demand, once for each value of the <c>rotate-at</c> annotation. RotateKeyOnDemand has no idempotency token, and KMS
/// permits 25 in the life of a key. So the attempt is recorded before the call, and an attempt whose outcome is unknown is settled by counting the
/// key's rotations.
/// </summary>
internal sealed class KeyRotation(RegionalClientFactory regions, OperatorSettings settings)
{
    /// <summary>So many rotations on demand KMS permits in the life of a key.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Resource quotas".</remarks>
    public const int MaxOnDemand = 25;

    /// <summary>Whether a key has few of its rotations on demand left, so that people should know before the next one.</summary>
    public static bool HasFewLeft(KeyStatus? status) => status?.Rotation?.OnDemandUsed >= MaxOnDemand - FewLeft;

    private const int FewLeft = 5;
    private const int MaxHistory = 25;
    private const string OnDemand = "ON_DEMAND";
    private const string Operation = "RotateKeyOnDemand";

    /// <summary>Whether a rotation on demand is requested, or the outcome of one is unknown.</summary>
    public static bool IsRequested<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource => RequestOf(context, status) is not null || status.RotationAttempt is not null;

    /// <summary>Does what the annotation asks for.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="resolved">What the key must be.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The status after it, and why the rotation was not done; no error when none is requested or it is done.</returns>
    public async Task<(KeyStatus Status, ReconcileError? Error)> RotateAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!IsRequested(context, status))
        {
            return (status, null);
        }

        if (context.Resource is ServiceKey && key is { MultiRegionKeyType: "REPLICA", Rotation: not null })
        {
            // The material is the same in all Regions, and KMS rotates it where the primary is.
            (region, var primary, var unread) = await FindPrimaryAsync(context, status, resolved, key, cancellationToken);
            if (primary is null)
            {
                return (status, unread);
            }

            key = primary;
        }

        if (key.Rotation is null)
        {
            return (status, ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} cannot be rotated on demand (key spec {key.KeySpec}{(key.MultiRegionKeyType == "REPLICA" ? ", a replica: rotate its primary" : "")}). Remove the annotation."));
        }

        KeyRotations rotations;
        try
        {
            rotations = await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "ListKeyRotations") is { } failure)
        {
            return (status, AwsReconcileError.For(failure, key.Arn, context.IsRecent(settings.ConsistencyWindow)));
        }

        if (status.RotationAttempt is { } undecided)
        {
            if (rotations.OnDemand > undecided.RotationsBefore)
            {
                status = Settle(context, status, undecided.RotateAt, rotations.OnDemand);
                if (!IsRequested(context, status))
                {
                    return (status, null);
                }
            }
            else if (context.DecidedAt(undecided.StartedAt, settings.ConsistencyWindow) is var decidedAt && context.Now < decidedAt)
            {
                return (status, ReconcileError.Transient(
                    Reasons.Progressing,
                    $"Whether {key.Arn} was rotated is not known yet. The operator looks until {decidedAt.UtcDateTime:HH:mm:ss}Z before it tries again."));
            }
        }

        if (key.KeyState != KeyStates.Enabled)
        {
            // The key is as described all the same. NoteFor says that the rotation waits.
            return (status, null);
        }

        return await RotateNowAsync(context, status, region, key, rotations, cancellationToken);
    }

    /// <summary>The primary of the ServiceKey's key, in another Region. Only a key that one of its KeyReplicas has is rotated for it.</summary>
    private async Task<(RegionalClients Region, ObservedKey? Key, ReconcileError? Error)> FindPrimaryAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var region = regions.For(resolved.Access with { Region = key.PrimaryRegion! });
        try
        {
            if (await KeyObserver.DescribeAsync(region.Clients.Reading, key.KeyId, cancellationToken) is not { MultiRegionKeyType: "PRIMARY" } primary)
            {
                return (region, null, ReconcileError.Transient(Reasons.Progressing, $"KMS does not show the primary of {key.KeyId} in {key.PrimaryRegion}. The operator looks again before it rotates the key."));
            }

            var tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
            var replica = status.Replicas?.FirstOrDefault(row => row.Region == key.PrimaryRegion)?.Name;
            return replica is not null && tags.GetValueOrDefault(TagNames.Owner) == $"{KeyReplica.KindName}/{context.Namespace}/{replica}"
                && tags.GetValueOrDefault(TagNames.Cluster) == resolved.Desired.Owner.ClusterId
                    ? (region, primary with { Rotation = key.Rotation }, null)
                    : (region, null, ReconcileError.Terminal(
                        Reasons.InvalidSpec,
                        $"metadata.annotations[{AnnotationNames.RotateAt}]: the primary is {primary.Arn}, which no KeyReplica of this resource has; rotate it there. Remove the annotation."));
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return (region, null, AwsReconcileError.For(failure, $"key {key.KeyId} in {key.PrimaryRegion}", context.IsRecent(settings.ConsistencyWindow)));
        }
    }

    /// <summary>What to say of the rotation of a key that is as desired otherwise; empty for nothing.</summary>
    public static string NoteFor<T>(ReconcileContext<T> context, KeyStatus status, DesiredKey desired)
        where T : class, IKeyResource
    {
        if (status.KeyState != KeyStates.Disabled)
        {
            return "";
        }

        var isChanged = desired.Rotation is { } wanted && status.MultiRegionKeyType != "REPLICA"
            && (status.Rotation?.Enabled != wanted.Enabled || (wanted.Enabled && status.Rotation.PeriodDays != wanted.PeriodDays));
        var changeNote = isChanged ? " Its rotation is changed once it is enabled: KMS does not change the rotation of a disabled key." : "";
        var requestNote = IsRequested(context, status) ? $" The rotation that {AnnotationNames.RotateAt} requests is done once it is enabled." : "";
        return changeNote + requestNote;
    }

    /// <summary>
    /// Reads the key's rotations, if there may be one that the status does not show, or if somebody asked for a comparison. It is for people only: no
    /// decision depends on it, so a failure leaves the status as it was.
    /// </summary>
    public static async Task<KeyStatus> WithHistoryAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, ObservedKey key, bool isNew, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (key.Rotation is not { } seen)
        {
            return status;
        }

        var known = status.Rotation ?? new RotationStatus();
        if (isNew)
        {
            return status with { Rotation = known with { OnDemandUsed = 0 } };
        }

        var isPast = known.NextRotationDate is { } next && (next <= context.Now || next != (seen.NextRotationDate ?? next));
        if (known.OnDemandUsed is not null && !isPast && !IsBehind(status) && context.UnhandledReconcileAt is null)
        {
            return status;
        }

        try
        {
            return WithRotations(status, await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken));
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
        {
            return status;
        }
    }

    /// <summary>Whether a rotation on demand was done that the history did not show when it was read.</summary>
    private static bool IsBehind(KeyStatus status) =>
        status.OnDemandRotations > (status.Rotation?.History?.Count(entry => entry.Type == OnDemand) ?? 0) && status.Rotation?.History is not { Count: MaxHistory };

    private static KeyStatus WithRotations(KeyStatus status, KeyRotations rotations)
    {
        var known = status.Rotation ?? new RotationStatus();
        RotationRecord[] history = [.. rotations.Entries.Take(MaxHistory).Select(entry => new RotationRecord { Date = entry.At, Type = entry.Type })];
        return status with
        {
            Rotation = known with
            {
                LastRotationDate = rotations.LastAt ?? known.LastRotationDate,
                History = history.Length == 0 ? null : history,
                OnDemandUsed = Math.Max(rotations.OnDemand, status.OnDemandRotations ?? 0),
            },
        };
    }

    private async Task<(KeyStatus Status, ReconcileError? Error)> RotateNowAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, ObservedKey key, KeyRotations rotations, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var requested = RequestOf(context, status) ?? status.RotationAttempt!.RotateAt;

        // KMS may not show the latest rotation yet; the status knows of it.
        status = WithRotations(status, rotations);
        var before = status.Rotation!.OnDemandUsed!.Value;
        if (before >= MaxOnDemand)
        {
            return (status with { RotationAttempt = null }, ReconcileError.Terminal(
                Reasons.QuotaExceeded,
                $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} was rotated on demand {before} times, and KMS permits {MaxOnDemand} in a key's life. Nothing was sent. "
                + "Remove the annotation, or make another key."));
        }

        status = status with { RotationAttempt = new RotationAttemptStatus { RotateAt = requested, StartedAt = context.Now, RotationsBefore = before } };
        await context.RecordAsync(status, $"{key.Arn} is being rotated.", cancellationToken);
        try
        {
            await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, new RotateKeyOnDemandStep($"requested by rotate-at {requested}"), key, cancellationToken);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, Operation) is { } failure)
        {
            if (failure.EffectIsUnknown)
            {
                context.Cache.UnansweredAt = context.Now;
            }

            return (
                failure.EffectIsUnknown ? status : status with { RotationAttempt = null },
                AwsReconcileError.For(failure, key.Arn, context.IsRecent(settings.ConsistencyWindow)));
        }

        context.RecordEvent(EventType.Normal, Reasons.Progressing, Operation, $"{key.Arn} was rotated on demand ({AnnotationNames.RotateAt}: {requested}).");
        if (before + 1 >= MaxOnDemand - FewLeft)
        {
            context.RecordEvent(
                EventType.Warning, Reasons.QuotaExceeded, Operation, $"{key.Arn} has {MaxOnDemand - before - 1} of its {MaxOnDemand} rotations on demand left.");
        }

        return (Settle(context, status, requested, before + 1), null);
    }

    private static string? RequestOf<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource =>
        context.Annotation(AnnotationNames.RotateAt) is { } at && at != status.LastHandledRotateAt ? at : null;

    private static KeyStatus Settle<T>(ReconcileContext<T> context, KeyStatus status, string rotateAt, int rotations)
        where T : class, IKeyResource => status with
        {
            RotationAttempt = null,
            LastHandledRotateAt = rotateAt,
            OnDemandRotations = rotations,

            // One more comparison follows after the consistency window, which finds the rotation in KMS's history.
            LastChangedAt = context.Now,
            Rotation = (status.Rotation ?? new RotationStatus()) with { LastRotationDate = context.Now, OnDemandUsed = rotations },
        };
}
