using System.Text;
using System.Text.RegularExpressions;

namespace KmsOperator.Planning;

/// <summary>
/// The patterns of the CRDs. <c>\z</c> stands for the schema's <c>$</c>, which in .NET would also match before a final line feed.
/// </summary>
internal static partial class Patterns
{
    public const string ExpectedResourceName = "the name of a Kubernetes resource (lower-case letters, digits, '-' and '.')";

    [GeneratedRegex(@"^[0-9]{12}\z")]
    public static partial Regex AccountId { get; }

    [GeneratedRegex(@"^[a-z]{2}(-[a-z]+)+-[0-9]+\z")]
    public static partial Regex Region { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[!-)+->@-~]+\z")]
    public static partial Regex RoleArn { get; }

    [GeneratedRegex(@"^[A-Za-z0-9_+=,.@:/-]*\z")]
    public static partial Regex ExternalId { get; }

    /// <summary>A role name with its path, or the ARN of a principal; never with a wildcard.</summary>
    [GeneratedRegex(@"^([A-Za-z0-9+=,.@_/-]+|arn:aws(-[a-z]+)*:(iam|sts)::[0-9]{12}:(root|(role|user|assumed-role|federated-user)/[!-)+->@-~]+))\z")]
    public static partial Regex Principal { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:kms:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:key/[a-zA-Z0-9-]+\z")]
    public static partial Regex KeyArn { get; }

    [GeneratedRegex(@"^(arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:(key/[a-zA-Z0-9-]+|alias/[a-zA-Z0-9/_-]+)|alias/[a-zA-Z0-9/_-]+|[a-zA-Z0-9-]+)\z")]
    public static partial Regex KeyReference { get; }

    [GeneratedRegex(@"^alias/[a-zA-Z0-9/_-]+\z")]
    public static partial Regex Alias { get; }

    [GeneratedRegex(@"^[a-zA-Z0-9:/_-]+\z")]
    public static partial Regex GrantName { get; }

    [GeneratedRegex(@"^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)\z")]
    public static partial Regex ServicePrincipal { get; }

    [GeneratedRegex(@"^arn:aws(-[a-z]+)*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:[!-~]+\z")]
    public static partial Regex SourceArn { get; }

    [GeneratedRegex(@"^[a-zA-Z0-9-]+\z")]
    public static partial Regex CustomKeyStoreId { get; }

    [GeneratedRegex(@"^[a-zA-Z0-9_.-]+\z")]
    public static partial Regex XksKeyId { get; }

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z")]
    public static partial Regex SecretKey { get; }

    [GeneratedRegex(@"^[a-zA-Z0-9/_-]+\z")]
    public static partial Regex AliasPrefix { get; }

    [GeneratedRegex(@"^([a-zA-Z0-9/_-]|\{(prefix|service|namespace|name)\})+\z")]
    public static partial Regex AliasTemplate { get; }

    /// <summary>What AWS allows in the keys and values of tags: <c>^[\p{L}\p{Z}\p{N}_.:/=+@-]*$</c>.</summary>
    /// <remarks>Not a pattern: .NET's know no letters beyond the 16-bit plane, the server's do.</remarks>
    public static bool IsTag(string text) => text.EnumerateRunes().All(rune =>
        Rune.IsLetter(rune) || Rune.IsNumber(rune) || Rune.IsSeparator(rune) || (rune.IsAscii && "_.:/=+@-".Contains((char)rune.Value)));

    [GeneratedRegex(@"^o-[a-z0-9]{10,32}\z")]
    public static partial Regex Organization { get; }

    /// <summary>A DNS subdomain, RFC 1123.</summary>
    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    public static partial Regex ResourceName { get; }

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])\z")]
    public static partial Regex LabelKey { get; }

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    public static partial Regex LabelValue { get; }
}
