using System.Globalization;
using System.IO.Enumeration;
using System.Net;

namespace KmsSimulator.Policies;

/// <summary>Compares a value of a request with one of a policy's condition.</summary>
/// <remarks>Source: AWS IAM user guide, "IAM JSON policy elements: Condition operators".</remarks>
internal static class ConditionComparison
{
    /// <summary>Whether a comparison holds; one of values that are not of its type does not.</summary>
    /// <param name="name">The operator without a negation, for example <c>StringEquals</c>.</param>
    /// <param name="value">The request's.</param>
    /// <param name="wanted">The policy's.</param>
    public static bool Holds(string name, string value, string wanted) => name switch
    {
        "StringEquals" or "BinaryEquals" => value == wanted,
        "StringEqualsIgnoreCase" or "Bool" => value.Equals(wanted, StringComparison.OrdinalIgnoreCase),
        "StringLike" or "ArnLike" or "ArnEquals" => FileSystemName.MatchesSimpleExpression(wanted, value, ignoreCase: false),
        "IpAddress" => IPAddress.TryParse(value, out var address) && Network(wanted) is { } network && network.Contains(address),
        _ when name.StartsWith("Numeric", StringComparison.Ordinal) =>
            Number(value) is { } one && Number(wanted) is { } other && IsOrdered(name["Numeric".Length..], one.CompareTo(other)),
        _ when name.StartsWith("Date", StringComparison.Ordinal) =>
            Date(value) is { } one && Date(wanted) is { } other && IsOrdered(name["Date".Length..], one.CompareTo(other)),
        _ => false,
    };

    private static bool IsOrdered(string relation, int comparison) => relation switch
    {
        "Equals" => comparison == 0,
        "LessThan" => comparison < 0,
        "LessThanEquals" => comparison <= 0,
        "GreaterThan" => comparison > 0,
        "GreaterThanEquals" => comparison >= 0,
        _ => false,
    };

    private static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>ISO 8601, or seconds since the epoch.</summary>
    private static DateTimeOffset? Date(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && seconds is > -62_135_596_800 and < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    private static IPNetwork? Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
}
