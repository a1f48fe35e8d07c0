using System.Text.RegularExpressions;

namespace KmsSimulator.Protocol;

/// <summary>A pattern that a value must match, as an error message shows it.</summary>
/// <remarks>Source: AWS KMS API reference, the patterns of the parameters.</remarks>
internal sealed partial record Pattern(string Text, Regex Regex)
{
    public static Pattern PolicyText { get; } = new(@"[\u0009\u000A\u000D\u0020-\u00FF]+", PolicyRegex());

    public static Pattern Word { get; } = new(@"[\w]+", WordRegex());

    public static Pattern AliasName { get; } = new("^[a-zA-Z0-9:/_-]+$", NameRegex());

    public static Pattern Region { get; } = new(@"^([a-z]+-){2,3}\d+$", RegionRegex());

    public static Pattern Principal { get; } = new(@"^[\w+=,.@:/-]+$", PrincipalRegex());

    public static Pattern XksKeyId { get; } = new("^[a-zA-Z0-9-_.]+$", XksRegex());

    [GeneratedRegex(@"^[\t\n\r\x20-\xFF]+\z")]
    private static partial Regex PolicyRegex();

    [GeneratedRegex(@"^\w+\z", RegexOptions.ECMAScript)]
    private static partial Regex WordRegex();

    [GeneratedRegex(@"^[a-zA-Z0-9:/_-]+\z")]
    private static partial Regex NameRegex();

    [GeneratedRegex(@"^([a-z]+-){2,3}[0-9]+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex RegionRegex();

    [GeneratedRegex(@"^[a-zA-Z0-9_+=,.@:/-]+\z")]
    private static partial Regex PrincipalRegex();

    [GeneratedRegex(@"^[a-zA-Z0-9_.-]+\z")]
    private static partial Regex XksRegex();
}
