using System.Globalization;
using KmsOperator.Policies;

namespace KmsOperator.Planning.Cel;

/// <summary>Reads an expression. Names that are not known are found here, before anything is evaluated.</summary>
/// <remarks>Source: Common Expression Language specification, "Syntax".</remarks>
internal sealed class CelParser
{
    private const int MaxDepth = 100;

    // Words that an expression may not use as names of variables.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    };

    private static readonly string[] Types = ["bool", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

    // From the operators that bind least to those that bind most.
    private static readonly string[][] Levels = [["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly IReadOnlyList<CelToken> _tokens;
    private readonly List<string> _variables;
    private int _next;
    private int _depth;

    private CelParser(string text, IEnumerable<string> variables)
    {
        _tokens = CelLexer.Read(text);
        _variables = [.. variables];
    }

    private CelToken Token => _tokens[_next];

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The text.</param>
    /// <param name="variables">The names that it may use.</param>
    /// <exception cref="CelSyntaxException">It is none.</exception>
    public static CelNode Parse(string text, IEnumerable<string> variables)
    {
        var parser = new CelParser(text, variables);
        var node = parser.Expression();
        return parser.Token.Kind == CelTokenKind.End ? node : throw parser.Unexpected("an operator or the end");
    }

    private CelNode Expression()
    {
        Descend(Token.Position);
        var node = Logic(isOr: true);
        var position = Token.Position;
        if (Take("?"))
        {
            var then = Logic(isOr: true);
            Expect(":");
            var otherwise = Expression();
            node = new CelConditional(position, Above(position, node, then, otherwise), node, then, otherwise);
        }

        _depth--;
        return node;
    }

    private CelNode Logic(bool isOr)
    {
        var position = Token.Position;
        List<CelNode> parts = [isOr ? Logic(isOr: false) : Binary(0)];
        while (Take(isOr ? "||" : "&&"))
        {
            parts.Add(isOr ? Logic(isOr: false) : Binary(0));
        }

        return parts is [var only] ? only : new CelLogic(position, Above(position, [.. parts]), isOr, parts);
    }

    private CelNode Binary(int level)
    {
        if (level == Levels.Length)
        {
            return Unary();
        }

        var left = Binary(level + 1);
        while (Token.Kind is CelTokenKind.Symbol or CelTokenKind.Identifier && Levels[level].Contains(Token.Text))
        {
            var (_, name, position) = Token;
            _next++;
            var right = Binary(level + 1);
            left = new CelBinary(position, Above(position, left, right), name, left, right);
        }

        return left;
    }

    private CelNode Unary()
    {
        var position = Token.Position;
        var isNot = Is("!");
        if (!isNot && !(Is("-") && !IsNumber(_tokens[_next + 1])))
        {
            return Postfix();
        }

        Descend(position);
        _next++;
        var operand = Unary();
        _depth--;
        return new CelUnary(position, Above(position, operand), isNot, operand);
    }

    private CelNode Postfix()
    {
        var node = Primary();
        while (true)
        {
            var position = Token.Position;
            if (Take("."))
            {
                node = Member(node, Take("?"), position);
            }
            else if (Take("["))
            {
                var isOptional = Take("?");
                var key = Expression();
                Expect("]");
                node = new CelIndex(position, Above(position, node, key), node, key, isOptional);
            }
            else
            {
                return node;
            }
        }
    }

    private CelNode Member(CelNode operand, bool isOptional, int position)
    {
        var name = Token;
        if (name.Kind != CelTokenKind.Identifier || name.Text is "true" or "false" or "null" or "in")
        {
            throw Unexpected("the name of a field or of a method");
        }

        _next++;
        if (isOptional || !Take("("))
        {
            return new CelSelect(name.Position, Above(position, operand), operand, name.Text, isOptional, IsTest: false);
        }

        if (operand is CelVariable { Name: "optional" } && !_variables.Contains("optional"))
        {
            return Call(name.Position, $"optional.{name.Text}", []);
        }

        return CelMacros.ByName.TryGetValue(name.Text, out var macro) ? Comprehension(name, macro, operand) : Call(name.Position, name.Text, [operand]);
    }

    private CelComprehension Comprehension(CelToken name, CelMacro macro, CelNode range)
    {
        var variable = Token;
        if (variable.Kind != CelTokenKind.Identifier || _tokens[_next + 1] is not { Kind: CelTokenKind.Symbol, Text: "," } || Reserved.Contains(variable.Text))
        {
            throw new CelSyntaxException(name.Position, $"{name.Text}() takes the name of a variable and an expression with it, as in {name.Text}(x, x != '')");
        }

        _next += 2;
        _variables.Add(variable.Text);
        var first = Expression();
        var second = macro == CelMacro.Map && Take(",") ? Expression() : null;
        _variables.RemoveAt(_variables.Count - 1);
        Expect(")");
        var isMap = macro is CelMacro.Map or CelMacro.OptionalMap or CelMacro.OptionalFlatMap;
        var (condition, result) = !isMap ? (first, null) : second is null ? ((CelNode?)null, first) : (first, second);
        return new CelComprehension(name.Position, Above(name.Position, second is null ? [range, first] : [range, first, second]), macro, range, variable.Text, condition, result);
    }

    private CelNode Primary()
    {
        var token = Token;
        switch (token.Kind)
        {
            case CelTokenKind.Text:
                _next++;
                return new CelLiteral(token.Position, new CelString(token.Text));
            case CelTokenKind.Identifier:
                _next++;
                return Named(token);
            case CelTokenKind.Symbol when token.Text == "(":
                _next++;
                var inner = Expression();
                Expect(")");
                return inner;
            case CelTokenKind.Symbol when token.Text == "[":
                _next++;
                var items = Until("]", Expression);
                return new CelNewList(token.Position, Above(token.Position, [.. items]), items);
            case CelTokenKind.Symbol when token.Text == "{":
                _next++;
                var entries = Until("}", Entry);
                return new CelNewMap(token.Position, Above(token.Position, [.. entries.SelectMany(entry => new[] { entry.Key, entry.Value })]), entries);
            case CelTokenKind.Symbol when token.Text == "-" && IsNumber(_tokens[_next + 1]):
                _next += 2;
                return new CelLiteral(token.Position, NumberOf(_tokens[_next - 1], "-"));
            case CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double:
                _next++;
                return new CelLiteral(token.Position, NumberOf(token, ""));
            default:
                throw Unexpected("a value");
        }
    }

    private CelNode Named(CelToken name)
    {
        switch (name.Text)
        {
            case "true" or "false":
                return new CelLiteral(name.Position, CelBool.Of(name.Text == "true"));
            case "null":
                return new CelLiteral(name.Position, CelNull.Instance);
            case "has" when Take("("):
                var field = Expression();
                Expect(")");
                return field is CelSelect { IsOptional: false } select
                    ? select with { IsTest = true }
                    : throw new CelSyntaxException(name.Position, "has() takes a field, as in has(self.name)");
        }

        if (Take("("))
        {
            return Call(name.Position, name.Text, []);
        }

        if (_variables.Contains(name.Text) || name.Text == "optional")
        {
            return new CelVariable(name.Position, name.Text);
        }

        return Types.Contains(name.Text) ? new CelLiteral(name.Position, new CelType(name.Text))
            : Reserved.Contains(name.Text) ? throw new CelSyntaxException(name.Position, $"'{name.Text}' is a reserved word")
            : throw new CelSyntaxException(name.Position, $"there is no variable {name.Text}{Suggestion.For(name.Text, _variables)}");
    }

    /// <summary>The rest of a call, behind the opening bracket.</summary>
    private CelCall Call(int position, string name, IReadOnlyList<CelNode> receiver)
    {
        IReadOnlyList<CelNode> arguments = [.. receiver, .. Until(")", Expression)];
        var function = CelFunctions.Find(name, receiver.Count > 0, arguments.Count, position);
        if (function.IsPattern && arguments[1] is CelLiteral { Value: CelString pattern } && CelRegex.Compile(pattern.Value, out var why) is null)
        {
            throw new CelSyntaxException(arguments[1].Position, why);
        }

        return new CelCall(position, Above(position, [.. arguments]), function, arguments);
    }

    private (CelNode Key, CelNode Value) Entry()
    {
        var key = Expression();
        Expect(":");
        return (key, Expression());
    }

    /// <summary>Parts with commas between them up to a bracket; in a list or a map perhaps one behind the last.</summary>
    private List<T> Until<T>(string end, Func<T> part)
    {
        var parts = new List<T>();
        while (!Take(end))
        {
            parts.Add(part());
            var isMore = Take(",");
            if (!isMore && !Is(end))
            {
                throw Unexpected($"',' or '{end}'");
            }

            if (isMore && Is(")"))
            {
                throw Unexpected("an argument");
            }
        }

        return parts;
    }

    private static bool IsNumber(CelToken token) => token.Kind is CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double;

    private static CelValue NumberOf(CelToken token, string sign)
    {
        if (token.Kind == CelTokenKind.Double)
        {
            return new CelDouble(double.Parse(sign + token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
        }

        var isHex = token.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var isRead = isHex
            ? ulong.TryParse(token.Text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)
            : ulong.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out size);
        var isNegative = sign.Length > 0;
        if (token.Kind == CelTokenKind.Uint)
        {
            return isRead && !isNegative ? new CelUint(size) : throw new CelSyntaxException(token.Position, $"{sign}{token.Text}u is no uint of 64 bits");
        }

        return isRead && size <= long.MaxValue ? new CelInt(isNegative ? -(long)size : (long)size)
            : isRead && isNegative && size == 1UL << 63 ? new CelInt(long.MinValue)
            : throw new CelSyntaxException(token.Position, $"{sign}{token.Text} is no int of 64 bits");
    }

    private bool Is(string symbol) => Token.Kind == CelTokenKind.Symbol && Token.Text == symbol;

    private bool Take(string symbol)
    {
        if (!Is(symbol))
        {
            return false;
        }

        _next++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    private CelSyntaxException Unexpected(string expected) => new(Token.Position, $"{Token} stands where {expected} is expected");

    private void Descend(int position)
    {
        if (++_depth > MaxDepth)
        {
            throw TooDeep(position);
        }
    }

    /// <summary>The depth of a node above others.</summary>
    private static int Above(int position, params ReadOnlySpan<CelNode> parts)
    {
        var depth = 1;
        foreach (var part in parts)
        {
            depth = Math.Max(depth, part.Depth + 1);
        }

        return depth <= MaxDepth ? depth : throw TooDeep(position);
    }

    private static CelSyntaxException TooDeep(int position) => new(position, $"the expression is nested more than {MaxDepth} levels deep");
}
