using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Rotates keys on demand, once for each value of the <c>rotate-at</c> annotation. RotateKeyOnDemand has no idempotency token and
/// a key may be rotated so 25 times in its life, so the attempt is on record before the call, and one whose outcome is unknown is
/// settled by looking at the key's rotations.
/// </summary>
internal sealed class KeyRotation(OperatorSettings settings)
{
    private const string Operation = "RotateKeyOnDemand";

    // Clocks of AWS and of the cluster may differ by this much.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

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

        if (key.KeyState != KeyStates.Enabled)
        {
            return Finding.Stalled(Reasons.KeyDisabled, $"metadata.annotations[{AnnotationNames.RotateAt}]: {key.Arn} is {key.KeyState}; only an enabled key can be rotated.");
        }

        if (pass.Status.RotationAttempt is { } undecided)
        {
            if (await KeyObserver.WasRotatedSinceAsync(region.Clients.Reading, key.KeyId, undecided.StartedAt - ClockTolerance, cancellationToken))
            {
                Settle(pass, undecided.RotateAt);
                return null;
            }

            var decidedAt = undecided.StartedAt + settings.ConsistencyWindow;
            if (pass.Now < decidedAt)
            {
                return Finding.Waiting(Reasons.Progressing, $"Whether {key.Arn} was rotated is not known; it is looked at until {decidedAt.UtcDateTime:HH:mm:ss}Z before that is tried again.");
            }
        }

        var asked = pass.UnhandledRotateAt ?? pass.Status.RotationAttempt!.RotateAt;
        pass.Status = pass.Status with { RotationAttempt = new RotationAttemptStatus { RotateAt = asked, StartedAt = pass.Now } };
        await pass.SaveAsync(Verdict.Waiting(Reasons.Progressing, $"{key.Arn} is being rotated."), cancellationToken);
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

            return AwsFailureFinding.For(failure, key.Arn, isRecent: false);
        }

        Settle(pass, asked);
        pass.Report(EventType.Normal, Reasons.Progressing, Operation, $"{key.Arn} was rotated on demand ({AnnotationNames.RotateAt}: {asked}).");
        return null;
    }

    private static void Settle<T>(KeyPass<T> pass, string rotateAt)
        where T : class, IKeyResource => pass.Status = pass.Status with { RotationAttempt = null, LastHandledRotateAt = rotateAt };
}
