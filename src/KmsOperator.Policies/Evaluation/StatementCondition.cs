using System.Text.Json;

namespace KmsOperator.Policies.Evaluation;

/// <summary>One condition key of a statement, with its operator and values.</summary>
/// <param name="OperatorText">The operator as the policy has it.</param>
/// <param name="Key">The condition key as the policy has it; its case makes no difference.</param>
/// <param name="Values">The values, of which one must fit (or, with a negated operator, none).</param>
/// <param name="HasVariables">Whether a value has policy variables, such as <c>${aws:PrincipalTag/team}</c>.</param>
public sealed record StatementCondition(string OperatorText, string Key, IReadOnlyList<string> Values, bool HasVariables)
{
    /// <summary>The operator; null for one that IAM does not have.</summary>
    public ConditionOperator? Operator { get; } = ConditionOperator.TryParse(OperatorText);

    /// <summary>Reads the conditions of a statement.</summary>
    /// <param name="condition">The value of <c>Condition</c>.</param>
    /// <param name="knowsVariables">Whether the policy's version has variables; in older ones they are plain text.</param>
    public static IReadOnlyList<StatementCondition> Read(JsonElement condition, bool knowsVariables) => condition.ValueKind != JsonValueKind.Object ? [] :
    [
        .. condition.EnumerateObject().Where(test => test.Value.ValueKind == JsonValueKind.Object)
            .SelectMany(test => test.Value.EnumerateObject().Select(key => Read(test.Name, key, knowsVariables))),
    ];

    /// <summary>Whether the condition holds.</summary>
    /// <param name="value">What is known of the key's values.</param>
    /// <remarks>Source for keys that a request does not have: IAM user guide, "Condition operators" and "Multivalued context keys".</remarks>
    public Answer Holds(ContextValue value)
    {
        if (Operator is not { } test || !value.IsKnown)
        {
            return Answer.Unknown;
        }

        if (test.Name == "Null")
        {
            return Answers.Of(Values.Contains(value.Values is null ? "true" : "false", StringComparer.OrdinalIgnoreCase));
        }

        if (value.Values is not { } values)
        {
            return Answers.Of(test.IfExists || test.Set == SetOperator.ForAllValues || (test.IsNegated && test.Set == SetOperator.None));
        }

        var fits = values.Select(one => Fits(test, one));
        return test.Set == SetOperator.ForAllValues || (test.Set == SetOperator.None && test.IsNegated) ? fits.All() : fits.Any();
    }

    private Answer Fits(ConditionOperator test, string value)
    {
        var listed = Values.Select(wanted => HasVariables && IsVariable(wanted)
            ? Answer.Unknown
            : Answers.Of(ConditionComparison.Holds(test.PositiveName, value, wanted))).Any();
        return test.IsNegated ? listed.Not() : listed;
    }

    private static StatementCondition Read(string operatorText, JsonProperty key, bool knowsVariables)
    {
        var items = key.Value.ValueKind == JsonValueKind.Array ? key.Value.EnumerateArray() : (IEnumerable<JsonElement>)[key.Value];
        string[] values = [.. items.Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())];
        return new StatementCondition(operatorText, key.Name, values, knowsVariables && values.Any(IsVariable));
    }

    private static bool IsVariable(string value) => value.Contains("${", StringComparison.Ordinal);
}
