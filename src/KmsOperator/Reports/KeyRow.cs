using KmsOperator.Policies;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Reports;

/// <summary>What a report says of one key. Null is what is not known.</summary>
internal sealed record KeyRow
{
    /// <summary>The resource that has the key, or that its tags name: <c>{kind}/{namespace}/{name}</c>; empty for none.</summary>
    public required string Owner { get; init; }

    /// <summary>The account.</summary>
    public required string AccountId { get; init; }

    /// <summary>The Region.</summary>
    public required string Region { get; init; }

    /// <summary>KMS's key id; null for a key that does not exist.</summary>
    public string? KeyId { get; init; }

    /// <summary>The alias that the operator keeps for it.</summary>
    public string? Alias { get; init; }

    /// <summary>KMS's own word; null for a key that does not exist.</summary>
    public string? State { get; init; }

    /// <summary>Reason of the resource's <c>Ready</c>; null where there is no resource.</summary>
    public string? Ready { get; init; }

    /// <summary>Days between rotations; 0 for no automatic rotation; null where it cannot rotate or was not read.</summary>
    public int? RotationDays { get; init; }

    /// <summary>When KMS rotated the key last; null where it never did or that was not read.</summary>
    public DateTimeOffset? LastRotation { get; init; }

    /// <summary>How often it was rotated.</summary>
    public int? Rotations { get; init; }

    /// <summary>The last use on record.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>Whom its policy reaches.</summary>
    public IReadOnlyList<AudienceMember> Audience { get; init; } = [];

    /// <summary>What the linter finds in its policy, without what an annotation says is meant.</summary>
    public IReadOnlyList<PolicyFinding> Findings { get; init; } = [];

    /// <summary>Why nobody has the key; null where a resource has it.</summary>
    public string? Orphaned { get; init; }

    /// <summary>What AWS charges for it a month, in US dollars, without requests; null where its state is not known.</summary>
    public int? MonthlyUsd => State is null ? null : MonthlyPrice.Of(State, Rotations ?? 0);

    /// <summary>The names of those of a kind whom the policy reaches.</summary>
    public IEnumerable<string> Reaches(AudienceKind kind) => Audience.Where(member => member.Kind == kind).Select(member => member.Name);
}

/// <summary>A report.</summary>
/// <param name="At">The moment that it is about.</param>
/// <param name="ClusterId">Whose keys; null for manifests alone.</param>
/// <param name="Rows">The keys.</param>
/// <param name="Errors">What could not be read.</param>
internal sealed record KeyReport(DateTimeOffset At, string? ClusterId, IReadOnlyList<KeyRow> Rows, IReadOnlyList<string> Errors)
{
    /// <summary>What all keys cost a month, as far as is known.</summary>
    public int MonthlyUsd => Rows.Sum(row => row.MonthlyUsd ?? 0);
}
