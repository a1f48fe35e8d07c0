namespace KmsOperator.Policies;

/// <summary>AWS partitions, which stand in every ARN.</summary>
/// <remarks>Source: AWS General Reference, "Amazon Resource Names (ARNs)"; the SDKs' partitions.json.</remarks>
public static class Partition
{
    private const string Default = "aws";

    // By the first part of a Region's name; us-iso- is not the beginning of us-isob-.
    private static readonly (string RegionPrefix, string Name)[] Others =
    [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];

    /// <summary>The partition of a Region, for example <c>aws</c>, <c>aws-cn</c> or <c>aws-us-gov</c>.</summary>
    public static string OfRegion(string region) =>
        Array.Find(Others, other => region.StartsWith(other.RegionPrefix, StringComparison.Ordinal)).Name ?? Default;

    /// <summary>The partition of an ARN.</summary>
    public static string OfArn(string arn) => arn.Split(':', 3)[1];

    /// <summary>
    /// Whether services have names in <c>amazonaws.com</c> there, as service principals and in <c>kms:ViaService</c>. In the isolated
    /// partitions and in the European Sovereign Cloud they have others, which the catalogue does not know.
    /// </summary>
    public static bool HasCatalogueNames(string partition) => partition is Default or "aws-cn" or "aws-us-gov";
}
