using System.Globalization;

namespace KmsOperator.Linting;

/// <summary>Findings as workflow commands, which GitHub shows beside the lines of a pull request.</summary>
/// <remarks>Source: GitHub documentation, "Workflow commands for GitHub Actions"; escapes as in actions/toolkit.</remarks>
internal static class GithubAnnotations
{
    /// <summary>The line for a finding.</summary>
    public static string Of(Finding finding)
    {
        var command = finding.Rule.Level == "note" ? "notice" : finding.Rule.Level;
        var line = finding.Line > 0 ? $",line={finding.Line.ToString(CultureInfo.InvariantCulture)}" : "";
        var field = finding.Field is null ? "" : $"{finding.Field}: ";
        return $"::{command} file={Property(finding.File)}{line},title={Property($"{finding.Rule.Id} {finding.Rule.Name}")}::{Data(field + finding.Message)}";
    }

    private static string Data(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);
}
