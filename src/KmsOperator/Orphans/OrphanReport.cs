namespace KmsOperator.Orphans;

/// <summary>What a search for orphaned keys found.</summary>
/// <param name="Findings">The keys of the cluster, those in use included.</param>
/// <param name="Notes">What could not be seen, but makes no finding wrong.</param>
/// <param name="Errors">Accounts and Regions that could not be searched, and why.</param>
internal sealed record OrphanReport(IReadOnlyList<KeyFinding> Findings, IReadOnlyList<string> Notes, IReadOnlyList<string> Errors)
{
    /// <summary>The accounts and Regions that were searched.</summary>
    public IReadOnlyList<(string AccountId, string Region)> Places { get; init; } = [];

    /// <summary>The keys that no resource has.</summary>
    public IReadOnlyList<KeyFinding> Orphans { get; } = [.. Findings.Where(finding => finding.IsOrphan)];
}
