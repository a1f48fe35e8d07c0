using System.Text.RegularExpressions;

namespace KmsSimulator.Sts;

/// <summary>The ARN of an IAM role.</summary>
internal sealed partial record RoleArn(string Text, string Partition, string AccountId, string Name)
{
    /// <summary>Reads an ARN; null when it is not that of a role.</summary>
    public static RoleArn? Parse(string text) => Form().Match(text) is { Success: true } match
        ? new RoleArn(text, match.Groups["partition"].Value, match.Groups["account"].Value, match.Groups["name"].Value)
        : null;

    [GeneratedRegex(
        @"^arn:(?<partition>aws|aws-cn|aws-us-gov):iam::(?<account>[0-9]{12}):role/([\x21-\x7e]+/)?(?<name>[A-Za-z0-9_+=,.@-]{1,64})\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
