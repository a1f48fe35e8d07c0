namespace KmsOperator.Planning.Cel;

/// <summary>
/// An expression of CEL, as Kubernetes' validation rules have them, ready to be evaluated. It is interpreted, so a native executable can do it, and it can neither run for
/// long nor change anything.
/// </summary>
/// <remarks>Source: Common Expression Language specification; Kubernetes documentation, "Common Expression Language in Kubernetes".</remarks>
public sealed class CelProgram
{
    /// <summary>How many steps an evaluation may take. The largest rule of the CRDs takes some thousands.</summary>
    public const long MaxSteps = 1_000_000;

    private readonly CelNode _root;

    private CelProgram(string text, CelNode root) => (Text, _root) = (text, root);

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The text.</param>
    /// <param name="variables">The names that it may use.</param>
    /// <exception cref="CelSyntaxException">It is no expression, or names a variable or a function that there is not.</exception>
    public static CelProgram Parse(string text, params IEnumerable<string> variables) => new(text, CelParser.Parse(text, variables));

    /// <summary>Whether a name stands in an expression as a variable. In a text that is no expression none does.</summary>
    public static bool Mentions(string text, string variable)
    {
        try
        {
            var tokens = CelLexer.Read(text);
            return tokens.Index().Any(token => token.Item.Kind == CelTokenKind.Identifier && token.Item.Text == variable
                && (token.Index == 0 || tokens[token.Index - 1] is not { Kind: CelTokenKind.Symbol, Text: "." }));
        }
        catch (CelSyntaxException)
        {
            return false;
        }
    }

    /// <summary>Evaluates the expression.</summary>
    /// <param name="variables">The values of its variables.</param>
    /// <param name="maxSteps">How many steps it may take.</param>
    /// <returns>Its value; a <see cref="CelError"/> where it has none.</returns>
    public CelValue Evaluate(IReadOnlyDictionary<string, CelValue> variables, long maxSteps = MaxSteps)
    {
        try
        {
            return new CelEvaluation(variables, maxSteps).Of(_root);
        }
        catch (CelLimitException e)
        {
            return new CelError(e.Message);
        }
    }
}
