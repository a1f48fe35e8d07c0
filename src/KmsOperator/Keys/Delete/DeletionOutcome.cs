using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Delete;

/// <summary>What a part of a deletion came to.</summary>
internal sealed record DeletionOutcome
{
    private DeletionOutcome()
    {
    }

    /// <summary>Why the resource has to wait; null when it may go.</summary>
    public ReconcileError? Error { get; private init; }

    /// <summary>When to try again; null for growing delays.</summary>
    public TimeSpan? RequeueAfter { get; private init; }

    /// <summary>The status to write; null leaves it as it is.</summary>
    public KeyStatus? Status { get; private init; }

    /// <summary>What became of the key, for the last event of the resource.</summary>
    public string? Note { get; private init; }

    /// <summary>Whether KMS does not show the key.</summary>
    public bool IsMissing { get; private init; }

    /// <summary>Whether the decision was based on an old state of a resource, or on an old look at the key, so that it has to be made again.</summary>
    public bool IsOutdated { get; private init; }

    /// <summary>KMS does not show the key.</summary>
    public static DeletionOutcome Missing { get; } = new() { IsMissing = true };

    /// <summary>The decision was based on an old state.</summary>
    public static DeletionOutcome Outdated { get; } = new() { IsOutdated = true };

    /// <summary>The resource may go.</summary>
    /// <param name="note">What became of the key.</param>
    /// <param name="status">The last status; null leaves it as it is.</param>
    public static DeletionOutcome Released(string note, KeyStatus? status = null) => new() { Note = note, Status = status };

    /// <summary>The resource has to wait.</summary>
    public static DeletionOutcome Blocked(ReconcileError error, TimeSpan? requeueAfter = null, KeyStatus? status = null) =>
        new() { Error = error, RequeueAfter = requeueAfter, Status = status };
}
