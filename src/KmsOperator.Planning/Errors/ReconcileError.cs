namespace KmsOperator.Planning;

/// <summary>Why a resource is not as its spec says, in the words of a condition.</summary>
/// <param name="IsTerminal">
/// True when a person or a change of the spec is needed (condition <c>Stalled</c>); false when the operator tries again and time or another
/// resource will resolve it (condition <c>Reconciling</c>).
/// </param>
/// <param name="Reason">One of <see cref="Api.Reasons"/>.</param>
/// <param name="Message">What is wrong, where, and what to do.</param>
public sealed record ReconcileError(bool IsTerminal, string Reason, string Message)
{
    /// <summary>An error that needs a person or a change of the spec.</summary>
    public static ReconcileError Terminal(string reason, string message) => new(true, reason, message);

    /// <summary>Several errors as one: the reason of the first that needs a person, else of the first, and all messages.</summary>
    /// <returns>Null for none.</returns>
    public static ReconcileError? Join(IReadOnlyList<ReconcileError> errors)
    {
        if (errors.Count < 2)
        {
            return errors.Count == 0 ? null : errors[0];
        }

        var first = errors.FirstOrDefault(error => error.IsTerminal) ?? errors[0];
        return first with { Message = string.Join(" ", errors.Where(error => error != first).Select(error => $"Also {error.Reason}: {error.Message}").Prepend(first.Message)) };
    }

    /// <summary>An error that time or another resource will resolve.</summary>
    public static ReconcileError Transient(string reason, string message) => new(false, reason, message);
}
