using System.Collections.Frozen;

namespace KmsSimulator.Policies;

/// <summary>A condition operator, taken apart.</summary>
/// <param name="Name">Without prefix and suffix, for example <c>StringEquals</c>.</param>
/// <param name="IfExists">Whether it holds when the request does not have the key.</param>
/// <param name="Set">ForAllValues, ForAnyValue, or null.</param>
/// <remarks>Source: AWS IAM user guide, "IAM JSON policy elements: Condition operators".</remarks>
internal sealed record ConditionOperator(string Name, bool IfExists, string? Set)
{
    private const string Suffix = "IfExists";

    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal,
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
        "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null");

    /// <summary>Whether it holds when the value is none of those that are listed.</summary>
    public bool IsNegated => Name.Contains("Not", StringComparison.Ordinal);

    /// <summary>The name of what must hold, or must not.</summary>
    public string PositiveName => Name.Replace("Not", "", StringComparison.Ordinal);

    /// <summary>Reads an operator; null when IAM has no such one.</summary>
    public static ConditionOperator? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var set = colon < 0 ? null : text[..colon];
        var name = text[(colon + 1)..];
        var ifExists = name.EndsWith(Suffix, StringComparison.Ordinal);
        if (ifExists)
            name = name[..^Suffix.Length];
        return set is null or "ForAllValues" or "ForAnyValue" && Names.Contains(name) && !(ifExists && name == "Null")
            ? new ConditionOperator(name, ifExists, set)
            : null;
    }
}
