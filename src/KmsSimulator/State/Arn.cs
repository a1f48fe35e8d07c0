using System.Text.RegularExpressions;

namespace KmsSimulator.State;

/// <summary>Amazon Resource Names, Regions and partitions.</summary>
/// <remarks>Source: AWS General Reference, "Amazon Resource Names (ARNs)".</remarks>
internal static partial class Arn
{
    /// <summary>The partition that a Region's name tells.</summary>
    public static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn"
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov"
        : "aws";

    /// <summary>Whether it has the form of a Region's name. Any such name works: AWS adds Regions faster than lists follow.</summary>
    public static bool IsRegion(string text) => text.Length <= 32 && RegionName().IsMatch(text);

    public static string Key(string account, string region, string keyId) => $"arn:{Partition(region)}:kms:{region}:{account}:key/{keyId}";

    public static string Alias(string account, string region, string name) => $"arn:{Partition(region)}:kms:{region}:{account}:{name}";

    public static string Root(string partition, string account) => $"arn:{partition}:iam::{account}:root";

    /// <summary>The account of a KMS ARN, or null when the text is not one.</summary>
    public static string? AccountOf(string? text) =>
        text is not null && KmsArn().Match(text) is { Success: true } match ? match.Groups["account"].Value : null;

    /// <summary>The parts of a key's or alias's ARN.</summary>
    public static bool TryParse(string text, out string region, out string account, out string resource)
    {
        var match = KmsArn().Match(text);
        (region, account, resource) = (match.Groups["region"].Value, match.Groups["account"].Value, match.Groups["resource"].Value);
        return match.Success && match.Groups["partition"].Value == Partition(region);
    }

    [GeneratedRegex(@"^([a-z]+-){2,3}[0-9]+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex RegionName();

    [GeneratedRegex(
        @"^arn:(?<partition>aws|aws-cn|aws-us-gov):kms:(?<region>([a-z]+-){2,3}[0-9]+):(?<account>[0-9]{12}):(?<resource>(key|alias)/.+)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex KmsArn();
}
