using System.Globalization;
using System.Net;

namespace KmsOperator.Policies.Evaluation;

/// <summary>Compares one value of a request with one of a condition.</summary>
/// <remarks>Source: IAM user guide, "IAM JSON policy elements: Condition operators".</remarks>
internal static class ConditionComparison
{
    private const int ArnParts = 6;

    /// <summary>Whether the comparison holds. One of values that are not of the operator's type does not.</summary>
    /// <param name="name">The operator without a negation, for example <c>StringEquals</c>.</param>
    /// <param name="value">The request's value.</param>
    /// <param name="wanted">The policy's value.</param>
    public static bool Holds(string name, string value, string wanted) => name switch
    {
        "StringEquals" or "BinaryEquals" => string.Equals(value, wanted, StringComparison.Ordinal),
        "StringEqualsIgnoreCase" or "Bool" => string.Equals(value, wanted, StringComparison.OrdinalIgnoreCase),
        "StringLike" => WildcardPattern.IsMatch(wanted, value),
        "ArnEquals" or "ArnLike" => IsArnLike(value, wanted),
        "IpAddress" => IPAddress.TryParse(value, out var address) && NetworkOf(wanted) is { } network && network.Contains(address),
        _ when name.StartsWith("Numeric", StringComparison.Ordinal) => Compare(name["Numeric".Length..], NumberOf(value), NumberOf(wanted)),
        _ when name.StartsWith("Date", StringComparison.Ordinal) => Compare(name["Date".Length..], DateOf(value), DateOf(wanted)),
        _ => false,
    };

    /// <summary>Each of the six parts of an ARN is held against its own pattern, so a star does not reach over a colon, but in the last part.</summary>
    private static bool IsArnLike(string value, string wanted)
    {
        var values = value.Split(':', ArnParts);
        var patterns = wanted.Split(':', ArnParts);
        return values.Length == ArnParts && patterns.Length == ArnParts && values.Zip(patterns).All(part => WildcardPattern.IsMatch(part.Second, part.First));
    }

    private static bool Compare<T>(string relation, T? one, T? other)
        where T : struct, IComparable<T>
    {
        if (one is not { } left || other is not { } right)
        {
            return false;
        }

        var order = left.CompareTo(right);
        return relation switch
        {
            "Equals" => order == 0,
            "LessThan" => order < 0,
            "LessThanEquals" => order <= 0,
            "GreaterThan" => order > 0,
            "GreaterThanEquals" => order >= 0,
            _ => false,
        };
    }

    private static decimal? NumberOf(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>ISO 8601, or seconds since 1970.</summary>
    private static DateTimeOffset? DateOf(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
    }

    private static IPNetwork? NetworkOf(string text) => IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
