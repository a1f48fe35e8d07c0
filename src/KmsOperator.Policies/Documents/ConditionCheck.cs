using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Checks the <c>Condition</c> of a statement.</summary>
/// <remarks>Source: IAM user guide, "IAM JSON policy elements: Condition operators".</remarks>
internal static class ConditionCheck
{
    private const string IfExists = "IfExists";

    private static readonly string[] Prefixes = ["ForAllValues:", "ForAnyValue:"];

    private static readonly string[] TypedOperators =
    [
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "Null",
    ];

    /// <summary>Every operator, without prefix and suffix.</summary>
    internal static readonly string[] Operators =
    [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
        "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "IpAddress", "NotIpAddress", "BinaryEquals", .. TypedOperators,
    ];

    /// <summary>The problems of a condition, each with its field.</summary>
    public static IEnumerable<PolicyProblem> Check(JsonElement condition, string path)
    {
        if (condition.ValueKind != JsonValueKind.Object)
        {
            return [new PolicyProblem(path, "must be an object of condition operators")];
        }

        return condition.EnumerateObject().SelectMany(entry => CheckOperator(entry, $"{path}.{entry.Name}"));
    }

    private static IEnumerable<PolicyProblem> CheckOperator(JsonProperty entry, string path)
    {
        var name = BaseName(entry.Name);
        if (!Operators.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return [new PolicyProblem(path, entry.Value.ValueKind != JsonValueKind.Object && entry.Name.Contains(':', StringComparison.Ordinal)
                ? $"is a condition key without an operator; write it below one, for example {{\"StringEquals\": {{\"{entry.Name}\": ...}}}}"
                : $"is not a condition operator of IAM{Suggestion.For(name, Operators)}")];
        }

        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            return [new PolicyProblem(path, "must be an object of condition keys and their values")];
        }

        var isTyped = TypedOperators.Contains(name, StringComparer.OrdinalIgnoreCase);
        return entry.Value.EnumerateObject().SelectMany(key => CheckValues(key.Value, isTyped && !NamesAccount(key.Name), $"{path}.{key.Name}"));
    }

    private static IEnumerable<PolicyProblem> CheckValues(JsonElement value, bool isTyped, string path)
    {
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : (IEnumerable<JsonElement>)[value];
        return items.Any(item => item.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
            ? [new PolicyProblem(path, "must be a value or a list of values")]
            : isTyped ? [] : UnquotedValue.Find(value, path);
    }

    private static string BaseName(string name)
    {
        var prefix = Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        var text = name[(prefix?.Length ?? 0)..];

        // IAM has no NullIfExists.
        return text.EndsWith(IfExists, StringComparison.OrdinalIgnoreCase) && !text.StartsWith("Null", StringComparison.OrdinalIgnoreCase) ? text[..^IfExists.Length] : text;
    }

    private static bool NamesAccount(string key) => key.EndsWith("Account", StringComparison.OrdinalIgnoreCase);
}
