using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Status;

/// <summary>The result of a reconcile in the words of conditions.</summary>
/// <param name="Ready">Status of <c>Ready</c>: <c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Extra">The condition that is true beside it, <c>Reconciling</c> or <c>Stalled</c>; null for none.</param>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Message">What is wrong, where, and what to do.</param>
internal sealed record ReadyCondition(string Ready, string? Extra, string Reason, string Message)
{
    /// <summary>The key is as the spec says.</summary>
    public static ReadyCondition Available(string reason, string message) => new("True", null, reason, message);

    /// <summary>The operator is working, or waits for something that comes by itself.</summary>
    public static ReadyCondition Waiting(string reason, string message) => new("False", ConditionTypes.Reconciling, reason, message);

    /// <summary>The resource is suspended, so nobody knows whether the key is as the spec says.</summary>
    public static ReadyCondition Suspended(string message) => new("Unknown", null, Reasons.Suspended, message);

    /// <summary>The condition for an error.</summary>
    public static ReadyCondition Of(ReconcileError error) => error.IsTerminal
        ? new ReadyCondition("False", ConditionTypes.Stalled, error.Reason, error.Message)
        : Waiting(error.Reason, error.Message);
}
