using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What a pass came to, in the words of conditions.</summary>
/// <param name="Ready"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Extra">The condition that goes with it, <c>Reconciling</c> or <c>Stalled</c>; null for none.</param>
/// <param name="Reason">One of the API's reasons.</param>
/// <param name="Message">For a person.</param>
internal sealed record ReadyCondition(string Ready, string? Extra, string Reason, string Message)
{
    /// <summary>All is as the spec says.</summary>
    public static ReadyCondition Available(string reason, string message) => new("True", null, reason, message);

    /// <summary>Work goes on, or waits for something that comes by itself.</summary>
    public static ReadyCondition Waiting(string reason, string message) => new("False", ConditionTypes.Reconciling, reason, message);

    /// <summary>Nobody looks: whether the key is right is not known.</summary>
    public static ReadyCondition Suspended(string message) => new("Unknown", null, Reasons.Suspended, message);

    /// <summary>A error as a verdict.</summary>
    public static ReadyCondition Of(ReconcileError error) => error.IsTerminal
        ? new ReadyCondition("False", ConditionTypes.Stalled, error.Reason, error.Message)
        : Waiting(error.Reason, error.Message);
}
