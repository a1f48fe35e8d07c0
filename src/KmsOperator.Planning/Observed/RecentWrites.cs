using System.Collections.Immutable;

namespace KmsOperator.Planning;

/// <summary>What this process wrote to a key in the last minutes. KMS may show the state before a write for a while.</summary>
/// <remarks>Source: AWS KMS developer guide, "AWS KMS eventual consistency".</remarks>
public sealed record RecentWrites(ImmutableList<RecentWrite> Writes)
{
    /// <summary>Nothing written.</summary>
    public static RecentWrites None { get; } = new([]);

    /// <summary>Adds a step that has succeeded.</summary>
    /// <param name="step">The step.</param>
    /// <param name="before">The key before it.</param>
    /// <param name="now">The time.</param>
    /// <remarks>An earlier move of the primary is dropped: after a move back, what KMS shows would be taken for the state before the first one.</remarks>
    public RecentWrites Add(KeyStep step, ObservedKey before, DateTimeOffset now) =>
        new((step is UpdatePrimaryRegionStep ? WithoutPrimaryMoves().Writes : Writes).Add(new RecentWrite(step, before, now)));

    /// <summary>Drops the moves of the primary.</summary>
    public RecentWrites WithoutPrimaryMoves() => new(Writes.RemoveAll(write => write.Step is UpdatePrimaryRegionStep));

    /// <summary>Drops the writes before a time.</summary>
    public RecentWrites Since(DateTimeOffset oldest)
    {
        var kept = Writes.RemoveAll(write => write.At < oldest);
        return kept.Count == Writes.Count ? this : new RecentWrites(kept);
    }

    /// <summary>What KMS showed, with the stale values replaced by what was written.</summary>
    public ObservedKey ReplaceStale(ObservedKey seen) => Writes.Aggregate(seen, (key, write) => write.Step.ReplaceStale(key, write.Before));
}

/// <summary>One write.</summary>
/// <param name="Step">The step that succeeded.</param>
/// <param name="Before">The key before it.</param>
/// <param name="At">When it succeeded.</param>
public sealed record RecentWrite(KeyStep Step, ObservedKey Before, DateTimeOffset At);
