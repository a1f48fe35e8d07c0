namespace KmsOperator.Planning;

/// <summary>Names of AWS Regions. Only the shape is checked: new Regions appear without a release of the operator.</summary>
internal static class RegionName
{
    public const int MaxLength = 32;
    public const string Expected = "a Region like eu-central-1";
}
