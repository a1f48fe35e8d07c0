using System.Globalization;
using System.Text;

namespace KmsOperator.Planning.Cel;

/// <summary>Reads the value of a string in quotes: one or three of them, single or double, with escapes or raw.</summary>
internal static class CelStringLiteral
{
    /// <summary>Reads the string that begins at an index, and moves the index behind it.</summary>
    /// <exception cref="CelSyntaxException">The string does not end, or has an escape that there is not.</exception>
    public static string Read(string text, ref int at)
    {
        var start = at;
        var isRaw = text[at] is 'r' or 'R';
        at += isRaw ? 1 : 0;
        var quote = text[at].ToString();
        var triple = quote + quote + quote;
        var end = text.AsSpan(at).StartsWith(triple, StringComparison.Ordinal) ? triple : quote;
        at += end.Length;
        var value = new StringBuilder();
        while (!text.AsSpan(at).StartsWith(end, StringComparison.Ordinal))
        {
            if (at == text.Length || (end.Length == 1 && text[at] is '\n' or '\r'))
            {
                throw new CelSyntaxException(start, $"the string has no end, close it with {end}");
            }

            if (text[at] != '\\' || (isRaw && at + 1 < text.Length))
            {
                value.Append(text[at++]);
            }
            else
            {
                Escape(text, ref at, value);
            }
        }

        at += end.Length;
        return value.ToString();
    }

    private static void Escape(string text, ref int at, StringBuilder value)
    {
        var start = at;
        var kind = at + 1 < text.Length ? text[at + 1] : '\0';
        at += 2;
        switch (kind)
        {
            case 'a':
                value.Append('\a');
                break;
            case 'b':
                value.Append('\b');
                break;
            case 'f':
                value.Append('\f');
                break;
            case 'n':
                value.Append('\n');
                break;
            case 'r':
                value.Append('\r');
                break;
            case 't':
                value.Append('\t');
                break;
            case 'v':
                value.Append('\v');
                break;
            case '\\' or '?' or '"' or '\'' or '`':
                value.Append(kind);
                break;
            case 'x' or 'X':
                value.Append(CodePoint(text, start, ref at, 2));
                break;
            case 'u':
                value.Append(CodePoint(text, start, ref at, 4));
                break;
            case 'U':
                value.Append(CodePoint(text, start, ref at, 8));
                break;
            case >= '0' and <= '3' when text.Length >= at + 2 && text[at] is >= '0' and <= '7' && text[at + 1] is >= '0' and <= '7':
                value.Append((char)(((kind - '0') * 64) + ((text[at] - '0') * 8) + (text[at + 1] - '0')));
                at += 2;
                break;
            default:
                throw new CelSyntaxException(start, $"there is no escape \\{kind}, write \\\\ for a backslash or r'...' for a string without escapes");
        }
    }

    private static Rune CodePoint(string text, int start, ref int at, int digits)
    {
        if (text.Length < at + digits
            || !uint.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.IsValid(code))
        {
            throw new CelSyntaxException(start, $"the escape needs {digits} hexadecimal digits that are a character of Unicode");
        }

        at += digits;
        return new Rune(code);
    }
}
