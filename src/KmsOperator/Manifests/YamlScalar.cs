using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Manifests;

/// <summary>Gives plain scalars the types that kubectl gives them before it sends them.</summary>
/// <remarks>Source: YAML 1.1 type repository as gopkg.in/yaml.v2 implements it (sigs.k8s.io/yaml), which also takes yes and on for true.</remarks>
internal static partial class YamlScalar
{
    public static JsonNode? ToJson(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag == "tag:yaml.org,2002:str") return JsonValue.Create(text);
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N":
                return JsonValue.Create(false);
        }

        return Number(text) ?? JsonValue.Create(text);
    }

    private static JsonValue? Number(string text)
    {
        if (!Numeric().IsMatch(text)) return null;
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var negative = digits.StartsWith('-');
        var magnitude = digits.TrimStart('-', '+');
        // A leading zero means octal; where that is impossible (an account id with an 8 or 9), a decimal number.
        if (magnitude.Length > 1 && magnitude[0] == '0' && Radix(magnitude) is var (radix, rest) && Whole(rest, radix) is { } whole)
            return JsonValue.Create(negative ? -whole : whole);
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) return JsonValue.Create(integer);
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? JsonValue.Create(real)
            : null;
    }

    private static (int Radix, string Digits) Radix(string magnitude) => char.ToLowerInvariant(magnitude[1]) switch
    {
        'x' => (16, magnitude[2..]),
        'b' => (2, magnitude[2..]),
        'o' => (8, magnitude[2..]),
        _ => (8, magnitude[1..]),
    };

    private static long? Whole(string digits, int radix)
    {
        long value = 0;
        foreach (var digit in digits)
        {
            var number = char.IsAsciiHexDigit(digit) ? Convert.ToInt32(digit.ToString(), 16) : radix;
            if (number >= radix || value > (long.MaxValue - number) / radix) return null;
            value = (value * radix) + number;
        }

        return digits.Length == 0 ? null : value;
    }

    [GeneratedRegex(@"^[-+]?(0[bB][01_]+|0[oO][0-7_]+|0[xX][0-9a-fA-F_]+|(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?)\z")]
    private static partial Regex Numeric();
}
