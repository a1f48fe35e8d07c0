using System.Globalization;
using System.Text.RegularExpressions;

namespace KmsOperator.Configuration;

/// <summary>Durations as Kubernetes' tools write them: <c>10h</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
/// <remarks>Source: Go's time.ParseDuration, which kubectl and controller flags use.</remarks>
internal static partial class Duration
{
    // Whatever is longer is a mistake, and would not fit a date.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>Reads a duration within bounds.</summary>
    /// <param name="text">What the user gave.</param>
    /// <param name="shortest">The shortest that makes sense.</param>
    /// <exception cref="FormatException">Not a duration, or shorter.</exception>
    public static TimeSpan Parse(string text, TimeSpan shortest) => Parse(text) is var duration && duration >= shortest
        ? duration
        : throw new FormatException($"is too short, the least is {shortest.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)}ms");

    /// <summary>Reads a duration. A bare number is refused: its unit would be a guess.</summary>
    /// <exception cref="FormatException">Not a duration, zero, or more than a year.</exception>
    public static TimeSpan Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new FormatException("is not a duration such as 10h, 1h30m or 500ms");
        }

        var total = TimeSpan.Zero;
        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            var number = double.Parse(match.Groups["number"].Captures[i].Value, CultureInfo.InvariantCulture);
            total += match.Groups["unit"].Captures[i].Value switch
            {
                "h" => TimeSpan.FromHours(number),
                "m" => TimeSpan.FromMinutes(number),
                "s" => TimeSpan.FromSeconds(number),
                _ => TimeSpan.FromMilliseconds(number),
            };
            if (total > Longest)
            {
                throw new FormatException("is longer than a year");
            }
        }

        return total > TimeSpan.Zero ? total : throw new FormatException("must be longer than zero");
    }

    [GeneratedRegex(@"^((?<number>[0-9]{1,7}(\.[0-9]{1,3})?)(?<unit>h|ms|m|s))+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
