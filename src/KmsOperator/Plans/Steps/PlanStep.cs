namespace KmsOperator.Plans.Steps;

/// <summary>One KMS call of a plan, for people.</summary>
/// <param name="Operation">KMS's name.</param>
/// <param name="Summary">What it is about, in a few words.</param>
/// <param name="Changes">What it changes, one by one.</param>
/// <param name="Dangers">What somebody should think about before it happens.</param>
internal sealed record PlanStep(string Operation, string Summary, IReadOnlyList<PlannedChange> Changes, IReadOnlyList<Danger> Dangers);

/// <summary>What happens to something.</summary>
internal enum ChangeKind
{
    /// <summary>It comes.</summary>
    Added,

    /// <summary>It goes.</summary>
    Removed,

    /// <summary>It becomes another.</summary>
    Changed,
}

/// <summary>One change.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Subject">What changes, for example <c>tag team</c> or <c>statement "KeyUsage"</c>.</param>
/// <param name="Before">Its value now; null where there is none, or where it was not read.</param>
/// <param name="After">Its value then; null where there is none.</param>
internal sealed record PlannedChange(ChangeKind Kind, string Subject, string? Before, string? After)
{
    /// <summary>For a statement that changes: what in it, as <c>- Action kms:Decrypt</c>.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>Something that comes.</summary>
    public static PlannedChange Added(string subject, string? after) => new(ChangeKind.Added, subject, null, after);

    /// <summary>Something that goes.</summary>
    public static PlannedChange Removed(string subject, string? before) => new(ChangeKind.Removed, subject, before, null);

    /// <summary>Something that becomes another.</summary>
    public static PlannedChange Changed(string subject, string? before, string? after) => new(ChangeKind.Changed, subject, before, after);
}
