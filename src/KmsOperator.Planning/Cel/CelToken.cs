namespace KmsOperator.Planning.Cel;

/// <summary>The kinds of tokens.</summary>
internal enum CelTokenKind
{
    /// <summary>The end of the text.</summary>
    End,

    /// <summary>A name or a word of the language.</summary>
    Identifier,

    /// <summary>A whole number without its sign.</summary>
    Int,

    /// <summary>A whole number that ended in <c>u</c>, without that.</summary>
    Uint,

    /// <summary>A number with a fraction or an exponent.</summary>
    Double,

    /// <summary>A string, with its escapes replaced.</summary>
    Text,

    /// <summary>An operator, a bracket or a comma.</summary>
    Symbol,
}

/// <summary>One token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text, of a string its value.</param>
/// <param name="Position">Index of its first character.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int Position)
{
    /// <summary>The token as messages show it.</summary>
    public override string ToString() => Kind switch
    {
        CelTokenKind.End => "the end",
        CelTokenKind.Text => "a string",
        _ => $"'{Text}'",
    };
}
