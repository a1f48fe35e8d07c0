using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Turns what a pass came to into conditions and the time of the next pass.</summary>
internal static class PassEnd
{
    /// <summary>Writes the status and says when to look again. What is not as desired is tried again with growing delays.</summary>
    public static async Task<ReconcileResult> EndAsync<T>(this KeyPass<T> pass, KeyOutcome outcome, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (outcome.Finding is { } finding)
        {
            await pass.SaveAsync(Verdict.Of(finding), cancellationToken);
            return Again(finding, outcome.RequeueAfter, outcome.Changed);
        }

        var verdict = pass.Status.KeyState == KeyStates.Disabled
            ? Verdict.Available(Reasons.KeyDisabled, $"{pass.Status.Arn} is disabled, as spec.enabled: false asks.")
            : Verdict.Available(Reasons.Available, $"{pass.Status.Arn} is as described.");
        await pass.SaveAsync(verdict, cancellationToken);
        return (outcome.RequeueAfter is { } later ? ReconcileResult.RequeueAfter(later) : ReconcileResult.Done) with
        {
            GroupServed = outcome.Changed ? true : null,
        };
    }

    /// <summary>Looks again after what a finding stopped.</summary>
    /// <param name="finding">What stopped the pass.</param>
    /// <param name="requeueAfter">When to look; null for growing delays.</param>
    /// <param name="talkedToAws">Whether AWS answered before that.</param>
    public static ReconcileResult Again(Finding finding, TimeSpan? requeueAfter, bool talkedToAws) =>
        (requeueAfter is { } soon ? ReconcileResult.RequeueAfter(soon) : ReconcileResult.Retry) with
        {
            // An account that is throttled or does not answer is so for all keys of the class.
            GroupServed = finding.Reason is Reasons.Throttled or Reasons.Unavailable ? false : talkedToAws ? true : null,
        };

    /// <summary>Ends a pass that a finding stopped before anything was done.</summary>
    public static Task<ReconcileResult> EndAsync<T>(this KeyPass<T> pass, Finding finding, CancellationToken cancellationToken)
        where T : class, IKeyResource => pass.EndAsync(new KeyOutcome(finding, Changed: false), cancellationToken);

    /// <summary>Ends a pass over a suspended resource.</summary>
    public static async Task<ReconcileResult> EndSuspendedAsync<T>(this KeyPass<T> pass, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var message = pass.IsDeleting
            ? "spec.suspend is true: the deletion waits until it is false."
            : "spec.suspend is true: the key is not looked at.";
        await pass.SaveAsync(Verdict.Suspended(message), cancellationToken);
        return ReconcileResult.Done;
    }

    /// <summary>Errors of a spec as one finding.</summary>
    public static Finding? InvalidSpec(IReadOnlyList<FieldError> errors) => errors.Count == 0
        ? null
        : Finding.Stalled(Reasons.InvalidSpec, string.Join("; ", errors.Select(error => $"{error.Field}: {error.Message}")));
}
