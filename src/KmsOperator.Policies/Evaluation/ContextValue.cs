namespace KmsOperator.Policies.Evaluation;

/// <summary>What is known of a condition key's values in a request.</summary>
public sealed record ContextValue
{
    private ContextValue(bool isKnown, IReadOnlyList<string>? values) => (IsKnown, Values) = (isKnown, values);

    /// <summary>Nothing is known: the request may have the key or not.</summary>
    public static ContextValue Unknown { get; } = new(false, null);

    /// <summary>The request does not have the key.</summary>
    public static ContextValue Absent { get; } = new(true, null);

    /// <summary>Whether it is known which values the request has, or that it has none.</summary>
    public bool IsKnown { get; }

    /// <summary>The values; null where the request has none, or they are not known.</summary>
    public IReadOnlyList<string>? Values { get; }

    /// <summary>These values.</summary>
    public static ContextValue Of(params IReadOnlyList<string> values) => new(true, values);

    /// <summary>A boolean as IAM writes it.</summary>
    public static ContextValue Of(bool value) => Of(value ? "true" : "false");
}
