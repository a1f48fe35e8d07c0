using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>A key as it was read, to be compared with what is desired.</summary>
/// <param name="Key">The key, with the targets of the aliases that matter.</param>
/// <param name="ReconcileAt">The value of the <c>reconcile-at</c> annotation that the comparison answers; null for none.</param>
internal sealed record KeyObservation(ObservedKey Key, string? ReconcileAt)
{
    /// <summary>Whether the key was created just now and is what KMS answered.</summary>
    public bool IsNew { get; init; }

    /// <summary>Whether KMS still shows the state before a write of the operator, although somebody asks for a comparison.</summary>
    public bool IsStale { get; init; }

    /// <summary>Why the grants could not be read; null when they were, or do not matter.</summary>
    public ReconcileError? UnreadGrants { get; init; }
}
