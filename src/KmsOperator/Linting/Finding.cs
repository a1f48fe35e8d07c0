using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>Something that is wrong, and where.</summary>
/// <param name="Rule">The rule that found it.</param>
/// <param name="File">The file.</param>
/// <param name="Line">First line is 1; 0 where the file as a whole is meant.</param>
/// <param name="Field">Path of the field; null where no field is meant.</param>
/// <param name="Resource">The key's resource, as <c>ServiceKey/team/orders</c>; null where it is not known.</param>
/// <param name="Message">What was found.</param>
internal sealed record Finding(LintRule Rule, string File, int Line, string? Field, string? Resource, string Message);

/// <summary>What linting came to.</summary>
/// <param name="Findings">What is wrong, in the order of files and lines.</param>
/// <param name="Unreadable">What could not be looked at.</param>
/// <param name="Resources">How many resources were looked at.</param>
/// <param name="Suppressed">How many findings were suppressed.</param>
internal sealed record LintReport(IReadOnlyList<Finding> Findings, IReadOnlyList<Manifests.ManifestError> Unreadable, int Resources, int Suppressed)
{
    /// <summary>How many findings have a severity.</summary>
    public int Count(LintSeverity severity) => Findings.Count(finding => finding.Rule.Severity == severity);
}
