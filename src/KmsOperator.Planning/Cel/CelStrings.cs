using System.Globalization;

namespace KmsOperator.Planning.Cel;

/// <summary>Functions of strings: the standard ones, and Kubernetes' string and regex libraries.</summary>
/// <remarks>Source: Kubernetes documentation, "Common Expression Language in Kubernetes". Places in a string are counted in code points.</remarks>
internal static class CelStrings
{
    public static IReadOnlyList<CelFunction> Functions { get; } =
    [
        Method("startsWith", (text, other) => CelBool.Of(text.StartsWith(other, StringComparison.Ordinal))),
        Method("endsWith", (text, other) => CelBool.Of(text.EndsWith(other, StringComparison.Ordinal))),
        Method("contains", (text, other) => CelBool.Of(text.Contains(other, StringComparison.Ordinal))),
        new("matches", IsMethod: true, 2, 2, Matches) { IsPattern = true },
        new("matches", IsMethod: false, 2, 2, Matches) { IsPattern = true },
        new("find", IsMethod: true, 2, 2, Find) { IsPattern = true },
        new("findAll", IsMethod: true, 2, 3, FindAll) { IsPattern = true },
        Method("lowerAscii", text => new CelString(Mapped(text, char.IsAsciiLetterUpper, char.ToLowerInvariant))),
        Method("upperAscii", text => new CelString(Mapped(text, char.IsAsciiLetterLower, char.ToUpperInvariant))),
        Method("trim", text => new CelString(text.Trim())),
        new("charAt", IsMethod: true, 2, 2, (_, arguments) => arguments is [CelString text, CelInt at] ? CharAt(text.Value, at.Value) : null),
        new("substring", IsMethod: true, 2, 3, (_, arguments) => arguments switch
        {
            [CelString text, CelInt from] => Substring(text.Value, from.Value, null),
            [CelString text, CelInt from, CelInt to] => Substring(text.Value, from.Value, to.Value),
            _ => null,
        }),
        new("split", IsMethod: true, 2, 3, (run, arguments) => arguments switch
        {
            [CelString text, CelString separator] => Split(run, text.Value, separator.Value, -1),
            [CelString text, CelString separator, CelInt limit] => Split(run, text.Value, separator.Value, limit.Value),
            _ => null,
        }),
        new("join", IsMethod: true, 1, 2, (run, arguments) => arguments switch
        {
            [CelList list] => Join(run, list, ""),
            [CelList list, CelString separator] => Join(run, list, separator.Value),
            _ => null,
        }),
        new("replace", IsMethod: true, 3, 4, (run, arguments) => arguments switch
        {
            [CelString text, CelString old, CelString now] => Replace(run, text.Value, old.Value, now.Value, -1),
            [CelString text, CelString old, CelString now, CelInt limit] => Replace(run, text.Value, old.Value, now.Value, limit.Value),
            _ => null,
        }),
    ];

    /// <summary>How many code points a string has.</summary>
    public static long LengthOf(string text) => text.EnumerateRunes().LongCount();

    /// <summary>Where a text stands in another, counted in code points; -1 where it does not.</summary>
    public static CelValue IndexOf(string text, string part, long? from, bool isLast)
    {
        var length = LengthOf(text);
        if (from < 0 || from > length)
        {
            return OutOfRange(from.Value);
        }

        var start = UnitsOf(text, from ?? (isLast ? length : 0));
        var found = isLast
            ? start + part.Length >= text.Length ? text.LastIndexOf(part, StringComparison.Ordinal) : text[..(start + part.Length)].LastIndexOf(part, StringComparison.Ordinal)
            : text.IndexOf(part, start, StringComparison.Ordinal);
        return new CelInt(found < 0 ? -1 : LengthOf(text[..found]));
    }

    private static CelFunction Method(string name, Func<string, CelValue> body) =>
        new(name, IsMethod: true, 1, 1, (_, arguments) => arguments is [CelString text] ? body(text.Value) : null);

    private static CelFunction Method(string name, Func<string, string, CelValue> body) =>
        new(name, IsMethod: true, 2, 2, (_, arguments) => arguments is [CelString text, CelString other] ? body(text.Value, other.Value) : null);

    private static string Mapped(string text, Predicate<char> isMeant, Func<char, char> change) =>
        string.Create(text.Length, text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = isMeant(source[i]) ? change(source[i]) : source[i];
            }
        });

    private static CelValue? Matches(CelEvaluation run, IReadOnlyList<CelValue> arguments)
    {
        if (arguments is not [CelString text, CelString pattern])
        {
            return null;
        }

        var regex = run.RegexOf(pattern.Value, text.Value, out var error);
        return regex is null ? error : CelBool.Of(regex.IsMatch(text.Value));
    }

    private static CelValue? Find(CelEvaluation run, IReadOnlyList<CelValue> arguments)
    {
        if (arguments is not [CelString text, CelString pattern])
        {
            return null;
        }

        var regex = run.RegexOf(pattern.Value, text.Value, out var error);
        return regex is null ? error : new CelString(regex.Match(text.Value).Value);
    }

    private static CelValue? FindAll(CelEvaluation run, IReadOnlyList<CelValue> arguments)
    {
        if (arguments is not ([CelString, CelString] or [CelString, CelString, CelInt]))
        {
            return null;
        }

        var (text, pattern) = (((CelString)arguments[0]).Value, ((CelString)arguments[1]).Value);
        var limit = arguments.Count == 3 ? ((CelInt)arguments[2]).Value : -1;
        if (run.RegexOf(pattern, text, out var error) is not { } regex)
        {
            return error;
        }

        var found = new List<CelValue>();
        for (var match = regex.Match(text); match.Success && (limit < 0 || found.Count < limit); match = match.NextMatch())
        {
            run.Charge(1);
            found.Add(new CelString(match.Value));
        }

        return new CelList(found);
    }

    private static CelValue CharAt(string text, long at)
    {
        var length = LengthOf(text);
        return at < 0 || at > length ? OutOfRange(at)
            : at == length ? new CelString("")
            : new CelString(text.EnumerateRunes().ElementAt((int)at).ToString());
    }

    private static CelValue Substring(string text, long from, long? to)
    {
        var length = LengthOf(text);
        var end = to ?? length;
        return from < 0 || from > length ? OutOfRange(from)
            : end < 0 || end > length ? OutOfRange(end)
            : from > end ? new CelError(string.Create(CultureInfo.InvariantCulture, $"a substring cannot begin at {from} and end at {end}"))
            : new CelString(text[UnitsOf(text, from)..UnitsOf(text, end)]);
    }

    private static CelList Split(CelEvaluation run, string text, string separator, long limit)
    {
        string[] parts = limit == 0 ? []
            : separator.Length > 0 ? text.Split(separator, limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue))
            : Characters(text, limit);
        run.Charge(parts.Length);
        return new CelList([.. parts.Select(part => new CelString(part))]);
    }

    private static string[] Characters(string text, long limit)
    {
        var characters = text.EnumerateRunes().Select(rune => rune.ToString()).ToArray();
        return limit < 0 || limit >= characters.Length ? characters
            : [.. characters.Take((int)limit - 1), string.Concat(characters.Skip((int)limit - 1))];
    }

    private static CelValue Join(CelEvaluation run, CelList list, string separator)
    {
        if (list.Items.Any(item => item is not CelString))
        {
            return new CelError("join() takes a list of strings");
        }

        run.ChargeText(list.Items.Sum(item => (long)((CelString)item).Value.Length + separator.Length));
        return new CelString(string.Join(separator, list.Items.Select(item => ((CelString)item).Value)));
    }

    private static CelValue Replace(CelEvaluation run, string text, string old, string now, long limit)
    {
        if (old.Length == 0)
        {
            return new CelError("replace() needs a text that is to be replaced, not an empty one");
        }

        var parts = text.Split(old, limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue - 1) + 1);
        run.ChargeText(text.Length + ((long)parts.Length * now.Length));
        return new CelString(string.Join(now, parts));
    }

    /// <summary>Index in UTF-16 of a code point.</summary>
    private static int UnitsOf(string text, long codePoints)
    {
        var units = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (codePoints-- == 0)
            {
                break;
            }

            units += rune.Utf16SequenceLength;
        }

        return units;
    }

    private static CelError OutOfRange(long at) => new(string.Create(CultureInfo.InvariantCulture, $"index out of range: {at}"));
}
