using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Turns what a pass came to into conditions and the time of the next pass.</summary>
internal static class ReconcileResults
{
    private static readonly string[] DeletionAnnotations = [AnnotationNames.DeletionProtection, AnnotationNames.ConfirmDeletion];

    /// <summary>Writes the status and says when to look again. What is not as desired is tried again with growing delays.</summary>
    public static async Task<ReconcileResult> EndAsync<T>(this ReconcileContext<T> context, KeyOutcome outcome, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (outcome.Error is { } error)
        {
            await context.SaveAsync(ReadyCondition.Of(error), cancellationToken);
            return Again(error, outcome.RequeueAfter, outcome.Changed);
        }

        var verdict = context.Status.KeyState == KeyStates.Disabled
            ? ReadyCondition.Available(Reasons.KeyDisabled, $"{context.Status.Arn} is disabled, as spec.enabled: false asks.{outcome.Note}")
            : ReadyCondition.Available(Reasons.Available, $"{context.Status.Arn} is as described.");
        await context.SaveAsync(verdict, cancellationToken);
        return (outcome.RequeueAfter is { } later ? ReconcileResult.RequeueAfter(later) : ReconcileResult.Done) with
        {
            FlowOutcome = outcome.Changed ? FlowOutcome.Served : FlowOutcome.Unknown,
        };
    }

    /// <summary>Looks again after what a error stopped.</summary>
    /// <param name="error">What stopped the pass.</param>
    /// <param name="requeueAfter">When to look; null for growing delays.</param>
    /// <param name="talkedToAws">Whether AWS answered before that.</param>
    public static ReconcileResult Again(ReconcileError error, TimeSpan? requeueAfter, bool talkedToAws) =>
        (requeueAfter is { } soon ? ReconcileResult.RequeueAfter(soon) : ReconcileResult.Retry) with
        {
            // An account that is throttled or does not answer is so for all keys of the class.
            FlowOutcome = error is { IsTerminal: false, Reason: Reasons.Throttled or Reasons.Unavailable }
                ? FlowOutcome.Throttled
                : talkedToAws ? FlowOutcome.Served : FlowOutcome.Unknown,
        };

    /// <summary>Ends a pass that a error stopped before anything was done.</summary>
    public static Task<ReconcileResult> EndAsync<T>(this ReconcileContext<T> context, ReconcileError error, CancellationToken cancellationToken)
        where T : class, IKeyResource => context.EndAsync(new KeyOutcome(error, Changed: false), cancellationToken);

    /// <summary>Ends a pass over a suspended resource.</summary>
    public static Task<ReconcileResult> EndSuspendedAsync<T>(this ReconcileContext<T> context, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        context.EndSuspendedAsync(
            context.IsDeleting ? "spec.suspend is true: the deletion waits until it is false." : "spec.suspend is true: the key is not looked at.", cancellationToken);

    /// <summary>Ends a pass over a resource that is suspended for a reason of its own.</summary>
    public static async Task<ReconcileResult> EndSuspendedAsync<T>(this ReconcileContext<T> context, string message, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        // What was not looked at meanwhile may have been there.
        context.Cache.MissingSince = null;
        await context.SaveAsync(ReadyCondition.Suspended(message), cancellationToken);
        return ReconcileResult.Done;
    }

    /// <summary>Why the key of a resource that is being deleted is not to be written to, whatever its deletion policy; null where it may be.</summary>
    /// <param name="suspend"><c>spec.suspend</c>, its own or that of the ServiceKey that made it.</param>
    /// <param name="observeOnly">Whether <c>managementPolicy: Observe</c> holds.</param>
    public static string? LeftBecause(bool? suspend, bool observeOnly) =>
        suspend == true ? "spec.suspend is true, and the namespace is being deleted"
        : observeOnly ? "managementPolicy: Observe writes nothing"
        : null;

    /// <summary>Whether the server has a resource as the cache has it, as far as its spec and its word on deletions go.</summary>
    public static async Task<bool> IsCurrentAsync<T>(this IKubernetesApi api, ResourceType<T> type, T cached, CancellationToken cancellationToken)
        where T : class, IResource =>
        await api.GetAsync(type, NamespacedName.Of(cached), cancellationToken) is { } live
        && live.Metadata.Uid == cached.Metadata.Uid
        && live.Metadata.Generation == cached.Metadata.Generation
        && DeletionAnnotations.All(name => live.Metadata.Annotations?.GetValueOrDefault(name) == cached.Metadata.Annotations?.GetValueOrDefault(name));

    /// <summary>Errors of a spec as one error.</summary>
    public static ReconcileError? InvalidSpec(IReadOnlyList<FieldError> errors) => errors.Count == 0
        ? null
        : ReconcileError.Terminal(Reasons.InvalidSpec, string.Join("; ", errors.Select(error => $"{error.Field}: {error.Message}")));
}
