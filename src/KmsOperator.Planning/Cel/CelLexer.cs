namespace KmsOperator.Planning.Cel;

/// <summary>Splits a text into tokens.</summary>
/// <remarks>Source: Common Expression Language specification, "Lexis".</remarks>
internal sealed class CelLexer
{
    private static readonly string[] Symbols =
        ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    private readonly string _text;
    private int _at;

    private CelLexer(string text) => _text = text;

    /// <summary>All tokens; the last one is the end.</summary>
    /// <exception cref="CelSyntaxException">A character begins no token, or a string does not end.</exception>
    public static IReadOnlyList<CelToken> Read(string text)
    {
        var lexer = new CelLexer(text);
        var tokens = new List<CelToken>();
        do
        {
            tokens.Add(lexer.Next());
        }
        while (tokens[^1].Kind != CelTokenKind.End);
        return tokens;
    }

    private CelToken Next()
    {
        SkipBlanks();
        var start = _at;
        if (_at == _text.Length)
        {
            return new CelToken(CelTokenKind.End, "", start);
        }

        var first = _text[_at];
        if (IsQuoteAt(_at) || (first is 'r' or 'R' && IsQuoteAt(_at + 1)))
        {
            return new CelToken(CelTokenKind.Text, CelStringLiteral.Read(_text, ref _at), start);
        }

        if (first is 'b' or 'B' && (IsQuoteAt(_at + 1) || (At(_at + 1) is 'r' or 'R' && IsQuoteAt(_at + 2))))
        {
            throw new CelSyntaxException(start, "bytes are not supported, use a string");
        }

        if (IsNameStart(first))
        {
            return new CelToken(CelTokenKind.Identifier, While(c => IsNameStart(c) || char.IsAsciiDigit(c)), start);
        }

        if (char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(At(_at + 1))))
        {
            return Number(start);
        }

        var symbol = Symbols.FirstOrDefault(symbol => string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) == 0)
            ?? throw new CelSyntaxException(start, $"'{first}' is not part of the language{Advice(first)}");
        _at += symbol.Length;
        return new CelToken(CelTokenKind.Symbol, symbol, start);
    }

    private CelToken Number(int start)
    {
        if (_text[_at] == '0' && At(_at + 1) is 'x' or 'X' && char.IsAsciiHexDigit(At(_at + 2)))
        {
            _at += 2;
            While(char.IsAsciiHexDigit);
            return Whole(start);
        }

        While(char.IsAsciiDigit);
        var isDouble = false;
        if (At(_at) == '.' && char.IsAsciiDigit(At(_at + 1)))
        {
            isDouble = true;
            _at++;
            While(char.IsAsciiDigit);
        }

        if (At(_at) is 'e' or 'E' && (char.IsAsciiDigit(At(_at + 1)) || (At(_at + 1) is '+' or '-' && char.IsAsciiDigit(At(_at + 2)))))
        {
            isDouble = true;
            _at += 2;
            While(char.IsAsciiDigit);
        }

        return isDouble ? new CelToken(CelTokenKind.Double, _text[start.._at], start) : Whole(start);
    }

    private CelToken Whole(int start)
    {
        var digits = _text[start.._at];
        if (At(_at) is not ('u' or 'U'))
        {
            return new CelToken(CelTokenKind.Int, digits, start);
        }

        _at++;
        return new CelToken(CelTokenKind.Uint, digits, start);
    }

    private void SkipBlanks()
    {
        while (true)
        {
            While(c => c is ' ' or '\t' or '\n' or '\r' or '\f');
            if (At(_at) != '/' || At(_at + 1) != '/')
            {
                return;
            }

            While(c => c != '\n');
        }
    }

    private string While(Predicate<char> belongs)
    {
        var start = _at;
        while (_at < _text.Length && belongs(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private char At(int index) => index < _text.Length ? _text[index] : '\0';

    private bool IsQuoteAt(int index) => At(index) is '"' or '\'';

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static string Advice(char c) => c switch
    {
        '&' => ", write && for and",
        '|' => ", write || for or",
        '=' => ", write == to compare",
        _ => "",
    };
}
