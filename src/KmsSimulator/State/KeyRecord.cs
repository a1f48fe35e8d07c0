using System.Collections.Immutable;
using KmsSimulator.Policies;

namespace KmsSimulator.State;

/// <summary>What one Region knows of a key and no other Region shares.</summary>
/// <remarks>Source: AWS KMS developer guide, "Multi-Region keys", "Independent properties".</remarks>
internal sealed record KeyRecord
{
    public required KeyState State { get; init; }

    public required string Description { get; init; }

    public required KeyPolicy Policy { get; init; }

    public required ImmutableSortedDictionary<string, string> Tags { get; init; }

    public required DateTimeOffset CreationDate { get; init; }

    /// <summary>The key materials that are imported here, by id; empty unless the key's origin is EXTERNAL.</summary>
    public ImmutableDictionary<string, MaterialImport> Imports { get; init; } = ImmutableDictionary<string, MaterialImport>.Empty;

    /// <summary>When the key will be gone; only while PendingDeletion.</summary>
    public DateTimeOffset? DeletionDate { get; init; }

    /// <summary>The window in days; only while its deletion is pending.</summary>
    public int? PendingWindowInDays { get; init; }

    /// <summary>The state to return to, while Creating or Updating.</summary>
    public KeyState StateAfter { get; init; }

    /// <summary>When Creating or Updating ends.</summary>
    public DateTimeOffset? TransitionEnd { get; init; }
}
