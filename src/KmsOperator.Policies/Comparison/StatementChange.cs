namespace KmsOperator.Policies;

/// <summary>What happens to a statement of a policy.</summary>
public enum StatementChangeKind
{
    /// <summary>It goes.</summary>
    Removed,

    /// <summary>A statement with the same Sid comes in its place.</summary>
    Changed,

    /// <summary>It comes.</summary>
    Added,
}

/// <summary>One statement that two policies do not share.</summary>
/// <param name="Kind">What happens to it.</param>
/// <param name="Sid">Its Sid; null for none.</param>
/// <param name="Before">The statement now, in words; null for one that is added.</param>
/// <param name="After">The statement then, in words; null for one that is removed.</param>
/// <param name="Places">For a changed statement, what changes in it; empty for the others.</param>
public sealed record StatementChange(StatementChangeKind Kind, string? Sid, string? Before, string? After, IReadOnlyList<PlaceChange> Places)
{
    /// <summary>The Sid in quotes; words for a statement without one.</summary>
    public string Name => Sid is null ? "without Sid" : $"\"{Sid}\"";

    /// <summary>The change in words.</summary>
    public override string ToString() => Kind switch
    {
        StatementChangeKind.Removed => $"statement {Name} is removed: {Before}",
        StatementChangeKind.Added => $"statement {Name} is added: {After}",
        _ => $"statement {Name} changes: {string.Join(", ", Places)}",
    };
}

/// <summary>What changes at one place of a statement.</summary>
/// <param name="Place">For example <c>Action</c>, <c>Principal AWS</c> or <c>Condition stringequals aws:sourceaccount</c>.</param>
/// <param name="Removed">Items that go.</param>
/// <param name="Added">Items that come.</param>
public sealed record PlaceChange(string Place, IReadOnlyList<string> Removed, IReadOnlyList<string> Added)
{
    /// <summary>The change in words.</summary>
    public override string ToString() => string.Join(", ", new[] { Part("removes", Removed), Part("adds", Added) }.OfType<string>());

    private string? Part(string verb, IReadOnlyList<string> items) => items.Count == 0 ? null : $"{verb} {Place} {string.Join(' ', items)}";
}
