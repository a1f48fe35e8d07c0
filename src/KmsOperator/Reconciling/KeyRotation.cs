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
    public static bool IsAsked<T>(KeyPass<T> pass)
        where T : class, IKeyResource => pass.UnhandledRotateAt is not null || pass.Status.RotationAttempt is not null;

    /// <summary>Does what the annotation asks for.</summary>
    /// <returns>What stands against it; null when nothing is asked for, or it is done.</returns>
    public async Task<Finding?> RotateAsync<T>(KeyPass<T> pass, AwsRegion region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (!IsAsked(pass))
        {
            return null;
        }

        if (key.Rotation is null)
        {
            return Finding.Stalled(
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
            return AwsFailureFinding.For(failure, key.Arn, pass.IsRecent(settings.ConsistencyWindow));
        }

        if (pass.Status.RotationAttempt is { } undecided)
        {
            if (rotations.OnDemand > undecided.RotationsBefore)
            {
                Settle(pass, undecided.RotateAt, rotations.OnDemand);
                if (!IsAsked(pass))
                {
                    return null;
                }
            }
            else
            {
                // The attempt's time is another process's clock, perhaps; this process's own first look is not.
                var seenAt = pass.Memory.FirstSeenAt ?? pass.Now;
                var decidedAt = (undecided.StartedAt > seenAt ? undecided.StartedAt : seenAt) + settings.ConsistencyWindow;
                if (pass.Now < decidedAt)
                {
                    return Finding.Waiting(Reasons.Progressing, $"Whether {key.Arn} was rotated is not known; it is looked at until {decidedAt.UtcDateTime:HH:mm:ss}Z before that is tried again.");
                }
            }
        }

        if (key.KeyState != KeyStates.Enabled)
        {
            return Finding.Stalled(Reasons.KeyDisabled, $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} is {key.KeyState}; only an enabled key can be rotated.");
        }

        var asked = pass.UnhandledRotateAt ?? pass.Status.RotationAttempt!.RotateAt;

        // KMS may not show the rotation before this one yet; the status knows of it.
        var before = Math.Max(rotations.OnDemand, pass.Status.OnDemandRotations ?? 0);
        pass.Status = pass.Status with { RotationAttempt = new RotationAttemptStatus { RotateAt = asked, StartedAt = pass.Now, RotationsBefore = before } };
        await pass.SaveLiveAsync(Verdict.Waiting(Reasons.Progressing, $"{key.Arn} is being rotated."), cancellationToken);
        try
        {
            await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, new RotateKeyOnDemandStep(asked), key, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, Operation) is { } failure)
        {
            if (!failure.EffectIsUnknown)
            {
                pass.Status = pass.Status with { RotationAttempt = null };
            }

            return AwsFailureFinding.For(failure, key.Arn, pass.IsRecent(settings.ConsistencyWindow));
        }

        Settle(pass, asked, before + 1);
        pass.Report(EventType.Normal, Reasons.Progressing, Operation, $"{key.Arn} was rotated on demand ({AnnotationNames.RotateAt}: {asked}).");
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
    public static async Task NoteLastRotationAsync<T>(KeyPass<T> pass, AwsRegion region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (key.Rotation is not { } seen)
        {
            return;
        }

        var known = pass.Status.Rotation ?? new RotationStatus();
        if (pass.Status.Rotation is not null && (known.NextRotationDate is not { } next || (next > pass.Now && next == (seen.NextRotationDate ?? next))))
        {
            return;
        }

        try
        {
            var rotations = await KeyObserver.ListRotationsAsync(region.Clients.Reading, key.KeyId, cancellationToken);
            pass.Status = pass.Status with { Rotation = known with { LastRotationDate = rotations.LastAt ?? known.LastRotationDate } };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is not null)
        {
            return;
        }
    }

    private static void Settle<T>(KeyPass<T> pass, string rotateAt, int rotations)
        where T : class, IKeyResource => pass.Status = pass.Status with
        {
            RotationAttempt = null,
            LastHandledRotateAt = rotateAt,
            OnDemandRotations = rotations,
            Rotation = (pass.Status.Rotation ?? new RotationStatus()) with { LastRotationDate = pass.Now },
        };
}
