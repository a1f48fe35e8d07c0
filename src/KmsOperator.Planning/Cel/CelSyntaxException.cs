namespace KmsOperator.Planning.Cel;

/// <summary>A text is no CEL expression, or one that uses what this interpreter does not have.</summary>
public sealed class CelSyntaxException : Exception
{
    /// <summary>Says what is wrong, and where.</summary>
    /// <param name="position">Index of the character; the first is 0.</param>
    /// <param name="message">For a person: what is wrong, and what to do.</param>
    public CelSyntaxException(int position, string message)
        : base(message) => Position = position;

    /// <summary>Index of the character at which the mistake is; the first is 0.</summary>
    public int Position { get; }
}
