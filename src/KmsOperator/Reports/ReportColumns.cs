using System.Globalization;
using KmsOperator.Policies;

namespace KmsOperator.Reports;

/// <summary>The columns of a report, which CSV and HTML share.</summary>
internal static class ReportColumns
{
    /// <summary>Each column: its name for machines, its heading for people, and its text in a row.</summary>
    public static IReadOnlyList<(string Name, string Heading, Func<KeyRow, string> Text)> All { get; } =
    [
        ("owner", "Owner", row => row.Owner),
        ("account", "Account", row => row.AccountId),
        ("region", "Region", row => row.Region),
        ("keyId", "Key", row => row.KeyId ?? ""),
        ("alias", "Alias", row => row.Alias ?? ""),
        ("state", "State", row => row.State ?? ""),
        ("ready", "Ready", row => row.Ready ?? ""),
        ("rotationDays", "Rotation (days)", row => row.RotationDays switch { null => "", 0 => "off", { } days => days.ToString(CultureInfo.InvariantCulture) }),
        ("lastRotation", "Last rotation", row => Date(row.LastRotation)),
        ("lastUsed", "Last use", row => Date(row.LastUsed)),
        ("otherAccounts", "Other accounts", row => string.Join(' ', row.Reaches(AudienceKind.OtherAccount).Concat(row.Reaches(AudienceKind.Organization)))),
        ("services", "Services", row => string.Join(' ', row.Reaches(AudienceKind.Service))),
        ("everybody", "Everybody", row => row.Reaches(AudienceKind.Everybody).Any() ? "yes" : ""),
        ("findings", "Findings", row => string.Join("; ", row.Findings.GroupBy(finding => finding.Rule).Select(found => $"{found.Key.Id} {found.Key.Name}"))),
        ("monthlyUsd", "USD a month", row => row.MonthlyUsd?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ("orphaned", "Orphaned", row => row.Orphaned ?? ""),
    ];

    /// <summary>A date as ISO 8601; empty for none.</summary>
    public static string Date(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
