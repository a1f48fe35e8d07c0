using KmsOperator.Api;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Context;

/// <summary>Ends a reconcile: writes the status with its conditions, and says when to reconcile again.</summary>
internal static class ReconcileResults
{
    private static readonly TimeSpan BriefWait = TimeSpan.FromSeconds(1);

    /// <summary>Writes the result of a key's reconcile. What is not as desired is tried again, with growing delays unless the result names a time.</summary>
    public static async Task<ReconcileResult> CompleteAsync<T>(this ReconcileContext<T> context, KeyResult result, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (result.Error is { } error)
        {
            await context.WriteStatusAsync(result.Status, ReadyCondition.Of(error), cancellationToken);
            return TryAgain(error, result.RequeueAfter, result.IsCompared);
        }

        var ready = result.Status.KeyState == KeyStates.Disabled
            ? ReadyCondition.Available(Reasons.KeyDisabled, $"{result.Status.Arn} is disabled, as spec.enabled: false asks.{result.Note}")
            : ReadyCondition.Available(Reasons.Available, $"{result.Status.Arn} is as described.{result.Note}");
        await context.WriteStatusAsync(result.Status, ready, cancellationToken);
        return (result.RequeueAfter is { } later ? ReconcileResult.RequeueAfter(later) : ReconcileResult.Done) with
        {
            FlowOutcome = result.IsCompared ? FlowOutcome.Served : FlowOutcome.Unknown,
        };
    }

    /// <summary>Ends a reconcile that an error stopped before anything was done to the key. The rest of the status stays as it is.</summary>
    public static Task<ReconcileResult> CompleteAsync<T>(this ReconcileContext<T> context, ReconcileError error, CancellationToken cancellationToken)
        where T : class, IKeyResource => context.CompleteAsync(new KeyResult(context.Status, error), cancellationToken);

    /// <summary>
    /// Ends a reconcile whose class cannot be used. A class that was created together with its resources is ready within moments; while it is
    /// being verified, a resource says only after a second that it waits.
    /// </summary>
    public static async Task<ReconcileResult> CompleteAsync<T>(this ReconcileContext<T> context, ClassLookup lookup, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var error = lookup.Error!;
        if (context.Resource.Status?.Conditions is not null)
        {
            return lookup.IsBeingVerified ? ReconcileResult.Done : await context.CompleteAsync(error, cancellationToken);
        }

        var remaining = lookup.IsBeingVerified ? (context.Cache.WaitsForClassSince ??= context.Now) + BriefWait - context.Now : TimeSpan.Zero;
        return remaining > TimeSpan.Zero ? ReconcileResult.RequeueAfter(remaining) : await context.CompleteAsync(error, cancellationToken);
    }

    /// <summary>Ends the reconcile of a suspended resource.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="message">Why the resource is suspended.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<ReconcileResult> CompleteSuspendedAsync<T>(this ReconcileContext<T> context, string message, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        // While it is suspended nobody looks, so the key may be back meanwhile.
        context.Cache.Unseen = null;
        await context.WriteStatusAsync(context.Status, ReadyCondition.Suspended(message), cancellationToken);
        return ReconcileResult.Done;
    }

    /// <summary>Says when to reconcile again after an error.</summary>
    /// <param name="error">What stopped the reconcile.</param>
    /// <param name="requeueAfter">When to try again; null for delays that grow with each retry for the error's reason.</param>
    /// <param name="awsAnswered">Whether AWS answered before the error.</param>
    public static ReconcileResult TryAgain(ReconcileError error, TimeSpan? requeueAfter, bool awsAnswered) =>
        (requeueAfter is { } soon ? ReconcileResult.RequeueAfter(soon) : ReconcileResult.RetryFor(error.Reason)) with
        {
            // An account that throttles or does not answer does so for all keys of the class.
            FlowOutcome = error is { IsTerminal: false, Reason: Reasons.Throttled or Reasons.Unavailable } ? FlowOutcome.Throttled
                : awsAnswered ? FlowOutcome.Served
                : FlowOutcome.Unknown,
        };
}
