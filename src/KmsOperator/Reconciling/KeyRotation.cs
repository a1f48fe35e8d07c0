using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Rotates keys on demand, once for each value of the <c>rotate-at</c> annotation. RotateKeyOnDemand has no idempotency token and
/// a key may be rotated so 25 times in its life, so the attempt is on record before the call, and one whose outcome is unknown is
/// settled by counting the key's rotations.
/// </summary>
internal sealed class KeyRotation(OperatorSettings settings)
{
    private const string Operation = "RotateKeyOnDemand";

    /// <summary>Whether a rotation is asked for or undecided.</summary>
    public static bool IsAsked<T>(ReconcileContext<T> context)
        where T : class, IKeyResource => context.UnhandledRotateAt is not null || context.Status.RotationAttempt is not null;

    /// <summary>Does what the annotation asks for.</summary>
    /// <returns>What stands against it; null when nothing is asked for, or it is done.</returns>
    public async Task<ReconcileError?> RotateAsync<T>(ReconcileContext<T> context, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!IsAsked(context))
        {
            return null;
        }

        if (key.Rotation is null)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} cannot be rotated on demand (key spec {key.KeySpec}{(key.MultiRegionKeyType == "REPLICA" ? ", a replica: rotate its primary" : "")}). Remove the annotation.");
        }

        KeyRotations rotations;
        try
        {
            rotations = await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "ListKeyRotations") is { } failure)
        {
            return AwsReconcileError.For(failure, key.Arn, context.IsRecent(settings.ConsistencyWindow));
        }

        if (context.Status.RotationAttempt is { } undecided)
        {
            if (rotations.OnDemand > undecided.RotationsBefore)
            {
                Settle(context, undecided.RotateAt, rotations.OnDemand);
                if (!IsAsked(context))
                {
                    return null;
                }
            }
            else
            {
                // The attempt's time is another process's clock, perhaps; this process's own first look is not.
                var seenAt = context.Cache.FirstSeenAt ?? context.Now;
                var decidedAt = (undecided.StartedAt > seenAt ? undecided.StartedAt : seenAt) + settings.ConsistencyWindow;
                if (context.Now < decidedAt)
                {
                    return ReconcileError.Transient(Reasons.Progressing, $"Whether {key.Arn} was rotated is not known; it is looked at until {decidedAt.UtcDateTime:HH:mm:ss}Z before that is tried again.");
                }
            }
        }

        if (key.KeyState != KeyStates.Enabled)
        {
            return ReconcileError.Terminal(Reasons.KeyDisabled, $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} is {key.KeyState}; only an enabled key can be rotated.");
        }

        var asked = context.UnhandledRotateAt ?? context.Status.RotationAttempt!.RotateAt;

        // KMS may not show the rotation before this one yet; the status knows of it.
        var before = Math.Max(rotations.OnDemand, context.Status.OnDemandRotations ?? 0);
        context.Status = context.Status with { RotationAttempt = new RotationAttemptStatus { RotateAt = asked, StartedAt = context.Now, RotationsBefore = before } };
        await context.SaveLiveAsync(ReadyCondition.Waiting(Reasons.Progressing, $"{key.Arn} is being rotated."), cancellationToken);
        try
        {
            await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, new RotateKeyOnDemandStep(asked), key, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, Operation) is { } failure)
        {
            if (!failure.EffectIsUnknown)
            {
                context.Status = context.Status with { RotationAttempt = null };
            }

            return AwsReconcileError.For(failure, key.Arn, context.IsRecent(settings.ConsistencyWindow));
        }

        Settle(context, asked, before + 1);
        context.Report(EventType.Normal, Reasons.Progressing, Operation, $"{key.Arn} was rotated on demand ({AnnotationNames.RotateAt}: {asked}).");
        return null;
    }

    /// <summary>What is to be said of the rotation of a key that is as desired otherwise; null if nothing.</summary>
    public static string? NoteFor(KeyStatus status, DesiredKey desired) =>
        status.KeyState == KeyStates.Disabled && desired.Rotation is { } wanted
        && (status.Rotation?.Enabled != wanted.Enabled || (wanted.Enabled && status.Rotation.PeriodDays != wanted.PeriodDays))
            ? " Its rotation is changed once it is enabled: KMS changes none of a disabled key."
            : null;

    /// <summary>
    /// Reads when KMS rotated last, where it may have since the status was written, or before the key was this resource's. For people:
    /// nothing rests on it, so a failure only leaves it as it was.
    /// </summary>
    public static async Task NoteLastRotationAsync<T>(ReconcileContext<T> context, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (key.Rotation is not { } seen)
        {
            return;
        }

        var known = context.Status.Rotation ?? new RotationStatus();
        if (context.Status.Rotation is not null && (known.NextRotationDate is not { } next || (next > context.Now && next == (seen.NextRotationDate ?? next))))
        {
            return;
        }

        try
        {
            var rotations = await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
            context.Status = context.Status with { Rotation = known with { LastRotationDate = rotations.LastAt ?? known.LastRotationDate } };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is not null)
        {
            return;
        }
    }

    private static void Settle<T>(ReconcileContext<T> context, string rotateAt, int rotations)
        where T : class, IKeyResource => context.Status = context.Status with
        {
            RotationAttempt = null,
            LastHandledRotateAt = rotateAt,
            OnDemandRotations = rotations,
            Rotation = (context.Status.Rotation ?? new RotationStatus()) with { LastRotationDate = context.Now },
        };
}
