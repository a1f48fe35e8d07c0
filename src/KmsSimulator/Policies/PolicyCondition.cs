using System.Collections.Immutable;

namespace KmsSimulator.Policies;

/// <summary>One line of a statement's Condition.</summary>
/// <param name="Operator">For example <c>StringEquals</c>.</param>
/// <param name="Key">For example <c>kms:CallerAccount</c>.</param>
/// <param name="Values">Any of these.</param>
internal sealed record PolicyCondition(ConditionOperator Operator, string Key, ImmutableArray<string> Values)
{
    /// <summary>Whether it holds for a request.</summary>
    /// <param name="valuesOf">The request's values of a condition key; null when it has none.</param>
    /// <remarks>Source of what absent keys mean: AWS IAM user guide, "Condition operators" and "Multivalued context keys".</remarks>
    public bool Holds(Func<string, IReadOnlyList<string>?> valuesOf)
    {
        var values = valuesOf(Key);
        if (Operator.Name == "Null")
            return Values.Contains(values is null ? "true" : "false", StringComparer.OrdinalIgnoreCase);
        if (values is null)
            return Operator.IfExists || Operator.Set == "ForAllValues" || (Operator.IsNegated && Operator.Set is null);
        var all = Operator.Set == "ForAllValues" || (Operator.Set is null && Operator.IsNegated);
        return all ? values.All(Matches) : values.Any(Matches);

        bool Matches(string value) => Values.Any(wanted => ConditionComparison.Holds(Operator.PositiveName, value, wanted)) != Operator.IsNegated;
    }
}
