namespace KmsOperator.Policies;

/// <summary>AWS partitions, which stand in every ARN.</summary>
/// <remarks>Source: AWS General Reference, "Amazon Resource Names (ARNs)".</remarks>
public static class Partition
{
    /// <summary>The partition of a Region: <c>aws</c>, <c>aws-cn</c> or <c>aws-us-gov</c>.</summary>
    public static string OfRegion(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn"
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov"
        : "aws";
}
