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
internal sealed class KeyRotation(OperatorSettings settings)
{
    private const string Operation = "RotateKeyOnDemand";

    /// <summary>Whether a rotation on demand is requested, or the outcome of one is unknown.</summary>
    public static bool IsRequested<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource => RequestOf(context, status) is not null || status.RotationAttempt is not null;

    /// <summary>Does what the annotation asks for.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The status after it, and why the rotation was not done; no error when none is requested or it is done.</returns>
    public async Task<(KeyStatus Status, ReconcileError? Error)> RotateAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!IsRequested(context, status))
        {
            return (status, null);
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
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "ListKeyRotations") is { } failure)
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

    /// <summary>What to say of the rotation of a key that is as desired otherwise; null for nothing.</summary>
    public static string? NoteFor<T>(ReconcileContext<T> context, KeyStatus status, DesiredKey desired)
        where T : class, IKeyResource
    {
        if (status.KeyState != KeyStates.Disabled)
        {
            return null;
        }

        var isChanged = desired.Rotation is { } wanted
            && (status.Rotation?.Enabled != wanted.Enabled || (wanted.Enabled && status.Rotation.PeriodDays != wanted.PeriodDays));
        var changeNote = isChanged ? " Its rotation is changed once it is enabled: KMS does not change the rotation of a disabled key." : "";
        var requestNote = IsRequested(context, status) ? $" The rotation that {AnnotationNames.RotateAt} requests is done once it is enabled." : "";
        return changeNote + requestNote is { Length: > 0 } note ? note : null;
    }

    /// <summary>
    /// Reads when KMS rotated the key last, if that may be later than the status says. It is for people only: no decision depends on it, so a failure
    /// leaves the status as it was.
    /// </summary>
    public static async Task<KeyStatus> WithLastRotationAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (key.Rotation is not { } seen)
        {
            return status;
        }

        var known = status.Rotation ?? new RotationStatus();
        if (status.Rotation is not null && (known.NextRotationDate is not { } next || (next > context.Now && next == (seen.NextRotationDate ?? next))))
        {
            return status;
        }

        try
        {
            var rotations = await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
            return status with { Rotation = known with { LastRotationDate = rotations.LastAt ?? known.LastRotationDate } };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is not null)
        {
            return status;
        }
    }

    private async Task<(KeyStatus Status, ReconcileError? Error)> RotateNowAsync<T>(
        ReconcileContext<T> context, KeyStatus status, RegionalClients region, ObservedKey key, KeyRotations rotations, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var requested = RequestOf(context, status) ?? status.RotationAttempt!.RotateAt;

        // KMS may not show the latest rotation yet; the status knows of it.
        var before = Math.Max(rotations.OnDemand, status.OnDemandRotations ?? 0);
        status = status with { RotationAttempt = new RotationAttemptStatus { RotateAt = requested, StartedAt = context.Now, RotationsBefore = before } };
        await context.RecordAsync(status, $"{key.Arn} is being rotated.", cancellationToken);
        try
        {
            await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, new RotateKeyOnDemandStep(requested), key, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, Operation) is { } failure)
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
            Rotation = (status.Rotation ?? new RotationStatus()) with { LastRotationDate = context.Now },
        };
}
