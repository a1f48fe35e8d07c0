using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Finds numbers and booleans where a policy needs text: YAML makes them of what stands without quotes.</summary>
internal static class UnquotedValue
{
    private const int AccountIdLength = 12;

    /// <summary>A problem for each number or boolean in a value that must be a string or a list of strings.</summary>
    public static IEnumerable<PolicyProblem> Find(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Number => [new PolicyProblem(path, Describe(value.GetRawText()))],
        JsonValueKind.True or JsonValueKind.False => [new PolicyProblem(path, $"is the boolean {value.GetRawText()} and must be a string, quote it: \"{value.GetRawText()}\"")],
        JsonValueKind.Array => value.EnumerateArray().SelectMany((item, i) => item.ValueKind == JsonValueKind.Array
            ? []
            : Find(item, $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]")),
        _ => [],
    };

    private static string Describe(string number)
    {
        var problem = $"is the number {number} and must be a string, quote it";
        if (!BigInteger.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var integer))
        {
            return $"{problem}; YAML has perhaps changed what was written";
        }

        // YAML 1.1 reads digits after a leading zero as octal, and drops the zero where one of them is 8 or 9.
        if (number.Length < AccountIdLength)
        {
            var octal = "0" + Octal(integer);
            return octal.Length == AccountIdLength
                ? $"{problem}: YAML has changed an account id with a leading zero into another number ({octal} is read as {number})"
                : $"{problem}; if an account id with a leading zero was written, YAML has changed it into another number";
        }

        return $"{problem}: \"{number}\"";
    }

    private static string Octal(BigInteger number)
    {
        var digits = "";
        for (; number > 0; number /= 8)
        {
            digits = (number % 8).ToString(CultureInfo.InvariantCulture) + digits;
        }

        return digits;
    }
}
