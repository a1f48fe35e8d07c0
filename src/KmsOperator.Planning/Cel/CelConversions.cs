using System.Globalization;

namespace KmsOperator.Planning.Cel;

/// <summary>Conversions between types, and <c>type()</c>.</summary>
/// <remarks>Source: Common Expression Language specification, "List of Standard Definitions".</remarks>
internal static class CelConversions
{
    private static readonly string[] TrueWords = ["1", "t", "T", "true", "TRUE", "True"];
    private static readonly string[] FalseWords = ["0", "f", "F", "false", "FALSE", "False"];

    public static IReadOnlyList<CelFunction> Functions { get; } =
    [
        new("int", IsMethod: false, 1, 1, (_, arguments) => ToInt(arguments[0])),
        new("uint", IsMethod: false, 1, 1, (_, arguments) => ToUint(arguments[0])),
        new("double", IsMethod: false, 1, 1, (_, arguments) => ToDouble(arguments[0])),
        new("string", IsMethod: false, 1, 1, (_, arguments) => ToText(arguments[0])),
        new("bool", IsMethod: false, 1, 1, (_, arguments) => ToBool(arguments[0])),
        new("dyn", IsMethod: false, 1, 1, (_, arguments) => arguments[0]),
        new("type", IsMethod: false, 1, 1, (_, arguments) => new CelType(arguments[0].TypeName)),
    ];

    private static CelValue? ToInt(CelValue value) => value switch
    {
        CelInt => value,
        CelUint { Value: <= long.MaxValue } number => new CelInt((long)number.Value),
        CelDouble { Value: > -9223372036854775808.0 and < 9223372036854775808.0 } number => new CelInt((long)number.Value),
        CelUint or CelDouble => OutOfRange("int"),
        CelString text => long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? new CelInt(number) : NotA("int", text.Value),
        _ => null,
    };

    private static CelValue? ToUint(CelValue value) => value switch
    {
        CelUint => value,
        CelInt { Value: >= 0 } number => new CelUint((ulong)number.Value),
        CelDouble { Value: >= 0 and < 18446744073709551616.0 } number => new CelUint((ulong)number.Value),
        CelInt or CelDouble => OutOfRange("uint"),
        CelString text => ulong.TryParse(text.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new CelUint(number) : NotA("uint", text.Value),
        _ => null,
    };

    private static CelValue? ToDouble(CelValue value) => value switch
    {
        CelDouble => value,
        CelInt number => new CelDouble(number.Value),
        CelUint number => new CelDouble(number.Value),
        CelString text => double.TryParse(text.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? new CelDouble(number) : NotA("double", text.Value),
        _ => null,
    };

    private static CelString? ToText(CelValue value) => value switch
    {
        CelString text => text,
        CelBool truth => new CelString(truth.Value ? "true" : "false"),
        CelInt number => new CelString(number.Value.ToString(CultureInfo.InvariantCulture)),
        CelUint number => new CelString(number.Value.ToString(CultureInfo.InvariantCulture)),
        CelDouble number => new CelString(TextOf(number.Value)),
        _ => null,
    };

    private static CelValue? ToBool(CelValue value) => value switch
    {
        CelBool => value,
        CelString text => TrueWords.Contains(text.Value) ? CelBool.True : FalseWords.Contains(text.Value) ? CelBool.False : NotA("bool", text.Value),
        _ => null,
    };

    /// <summary>As Go's <c>%g</c>, with which the API server's CEL prints: the fewest digits, with an exponent from 1e+06 on and below 1e-04.</summary>
    private static string TextOf(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
        }

        // .NET's shortest text has the right digits and another place for the point.
        var shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = shortest[0].IndexOf('.', StringComparison.Ordinal);
        var all = shortest[0].Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        var exponent = (point < 0 ? all.Length : point) - (all.Length - digits.Length) - 1
            + (shortest.Length > 1 ? int.Parse(shortest[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0);
        digits = digits.TrimEnd('0');
        var sign = double.IsNegative(number) ? "-" : "";
        if (digits.Length == 0)
        {
            return sign + "0";
        }

        if (exponent is < -4 or >= 6)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1 ? $"{sign}{digits.PadRight(exponent + 1, '0')}"
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    private static CelError OutOfRange(string type) => new($"the number is outside the range of {type}");

    private static CelError NotA(string type, string text) => new($"{FieldErrors.Quote(text)} is no {type}");
}
