using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace KmsOperator.Planning.Cel;

/// <summary>
/// Regular expressions of RE2's syntax, by .NET's engine that does not backtrack, so that each match takes time in proportion to the text. What the two write
/// in the same way and mean differently is rewritten: <c>\d \w \s</c> are ASCII in RE2, and <c>$</c> is the end of the text alone.
/// </summary>
/// <remarks>Source: RE2's wiki, "Syntax".</remarks>
internal static class CelRegex
{
    private const int MaxLength = 1000;

    // How many states the automaton of a pattern may have, about.
    private const long MaxSize = 10_000;

    private static readonly Dictionary<char, string> Classes = new()
    {
        ['d'] = "0-9",
        ['w'] = "0-9A-Za-z_",
        ['s'] = @"\t\n\f\r ",
    };

    /// <summary>The expression; null where it is none, or too large.</summary>
    /// <param name="pattern">As RE2 writes it.</param>
    /// <param name="error">Why there is none.</param>
    public static Regex? Compile(string pattern, out string error)
    {
        error = "";
        if (pattern.Length > MaxLength || SizeOf(pattern) > MaxSize)
        {
            error = "the regular expression is too long, or repeats too much";
            return null;
        }

        try
        {
            return new Regex(Rewrite(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            error = $"{FieldErrors.Quote(pattern)} is no regular expression that RE2 takes: {e.Message}";
            return null;
        }
    }

    private static string Rewrite(string pattern)
    {
        var result = new StringBuilder();
        var isMultiline = Regex.IsMatch(pattern, @"\(\?[a-z]*m");
        var isInClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                result.Append(Escape(pattern[++i], isInClass));
            }
            else if (isInClass)
            {
                if (c == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':')
                {
                    throw new NotSupportedException("classes such as [:alpha:] are not supported, write a-zA-Z.");
                }

                // A bracket in a class begins a subtraction in .NET, and is a bracket in RE2.
                result.Append(c == '[' ? @"\[" : c.ToString());
                isInClass = c != ']';
            }
            else if (c == '[')
            {
                isInClass = true;
                result.Append(c);
                i += Take(pattern, i + 1, "^", result);
                if (Take(pattern, i + 1, "]", null) > 0)
                {
                    result.Append(@"\]");
                    i++;
                }
            }
            else if (c == '$' && !isMultiline)
            {
                result.Append(@"\z");
            }
            else if (c == '(' && Take(pattern, i + 1, "?P<", null) > 0)
            {
                result.Append("(?<");
                i += 3;
            }
            else
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }

    private static string Escape(char c, bool isInClass)
    {
        if (Classes.TryGetValue(c, out var set))
        {
            return isInClass ? set : $"[{set}]";
        }

        if (Classes.TryGetValue(char.ToLowerInvariant(c), out set))
        {
            return isInClass ? throw new NotSupportedException($@"\{c} within brackets is not supported.") : $"[^{set}]";
        }

        return c is 'Q' or 'C' or 'Z' or 'G' || (char.IsAsciiDigit(c) && c != '0')
            ? throw new NotSupportedException($@"\{c} is not supported.")
            : $@"\{c}";
    }

    private static int Take(string pattern, int at, string part, StringBuilder? result)
    {
        if (string.CompareOrdinal(pattern, at, part, 0, part.Length) != 0)
        {
            return 0;
        }

        result?.Append(part);
        return part.Length;
    }

    /// <summary>How many characters a pattern stands for with its repetitions written out, at most.</summary>
    private static long SizeOf(string pattern)
    {
        var groups = new Stack<long>();
        long size = 0, last = 0;
        for (var i = 0; i < pattern.Length && size <= MaxSize; i++)
        {
            var c = pattern[i];
            if (c == '(')
            {
                groups.Push(size);
                (size, last) = (0, 0);
            }
            else if (c == ')' && groups.TryPop(out var before))
            {
                last = size;
                size += before;
            }
            else if (c == '{' && pattern.IndexOf('}', i) is var end and > 0 && Repetitions(pattern[(i + 1)..end]) is { } times)
            {
                size += last * (times - 1);
                last *= times;
                i = end;
            }
            else
            {
                i += c == '\\' ? 1 : 0;
                last = 1;
                size++;
            }
        }

        return size + groups.Sum();
    }

    private static long? Repetitions(string text)
    {
        var parts = text.Split(',');
        var numbers = parts.Where(part => part.Length > 0).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        return parts.Length > 2 || numbers.Length == 0 || numbers.Contains(-1) ? null : Math.Max(1, numbers.Max());
    }
}
