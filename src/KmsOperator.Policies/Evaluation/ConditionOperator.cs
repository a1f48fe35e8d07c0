namespace KmsOperator.Policies.Evaluation;

/// <summary>A condition operator in its parts.</summary>
/// <param name="Name">As IAM writes it, without prefix and suffix, for example <c>StringNotEquals</c>.</param>
/// <param name="Set">How several values of the request count.</param>
/// <param name="IfExists">Whether the condition holds when the request does not have the key.</param>
/// <remarks>Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".</remarks>
public sealed record ConditionOperator(string Name, SetOperator Set, bool IfExists)
{
    private const string Suffix = "IfExists";

    /// <summary>Whether the condition holds when the request's value is none of those that the policy lists.</summary>
    public bool IsNegated { get; } = Name.Contains("Not", StringComparison.Ordinal);

    /// <summary>The operator without its negation: what must hold, or must not.</summary>
    public string PositiveName { get; } = Name.Replace("Not", "", StringComparison.Ordinal);

    /// <summary>Reads an operator, whose case makes no difference.</summary>
    /// <returns>Null for what is not an operator of IAM.</returns>
    public static ConditionOperator? TryParse(string text)
    {
        var set = SetOperator.None;
        foreach (var candidate in (SetOperator[])[SetOperator.ForAllValues, SetOperator.ForAnyValue])
        {
            if (text.StartsWith($"{candidate}:", StringComparison.OrdinalIgnoreCase))
            {
                set = candidate;
                text = text[($"{candidate}:".Length)..];
            }
        }

        var known = ConditionCheck.Operators.FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (known is not null)
        {
            return new ConditionOperator(known, set, IfExists: false);
        }

        // IAM has no NullIfExists.
        return text.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
            && ConditionCheck.Operators.FirstOrDefault(name => name.Equals(text[..^Suffix.Length], StringComparison.OrdinalIgnoreCase)) is { } suffixed and not "Null"
            ? new ConditionOperator(suffixed, set, IfExists: true)
            : null;
    }

    /// <summary>The operator as a policy has it.</summary>
    public override string ToString() => $"{(Set == SetOperator.None ? "" : $"{Set}:")}{Name}{(IfExists ? Suffix : "")}";
}

/// <summary>How the values of a key with several values count.</summary>
public enum SetOperator
{
    /// <summary>No set operator stands there.</summary>
    None,

    /// <summary>All of them must fit; without any value the condition holds.</summary>
    ForAllValues,

    /// <summary>One of them must fit; without any value the condition does not hold.</summary>
    ForAnyValue,
}
