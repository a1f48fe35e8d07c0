using System.Text.RegularExpressions;

namespace KmsSimulator.Model;

/// <summary>Amazon Resource Names.</summary>
internal static partial class Arns
{
    public static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn" : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov" : "aws";

    public static string Key(string account, string region, string keyId) => $"arn:{Partition(region)}:kms:{region}:{account}:key/{keyId}";

    public static string Alias(string account, string region, string name) => $"arn:{Partition(region)}:kms:{region}:{account}:{name}";

    public static bool IsRegion(string name) => RegionName().IsMatch(name);

    [GeneratedRegex("^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    private static partial Regex RegionName();
}
