namespace KmsOperator.Planning;

/// <summary>Names of AWS Regions. Only the shape is checked: new Regions appear without a release of the operator.</summary>
public static class RegionName
{
    internal const int MaxLength = 32;
    internal const string Expected = "a Region like eu-central-1";

    /// <summary>Whether <paramref name="name"/> has the shape of a Region's name.</summary>
    public static bool IsValid(string? name) => name is { Length: <= MaxLength } && Shapes.Region.IsMatch(name);
}
