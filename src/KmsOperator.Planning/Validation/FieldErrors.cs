using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace KmsOperator.Planning;

/// <summary>Collects what is wrong with one resource; each check mirrors a keyword of the CRDs' schema.</summary>
internal sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];

    public IReadOnlyList<FieldError> All => _errors;

    public void Add(string field, string message) => _errors.Add(new FieldError(field, message));

    /// <summary>Adds the error unless <paramref name="holds"/>.</summary>
    public void Require(bool holds, string field, string message)
    {
        if (!holds) Add(field, message);
    }

    /// <summary>Length in characters as the API server counts them, code points, and the shape.</summary>
    /// <returns>Whether the value is fine, so that further rules may build on it. Absent is not.</returns>
    public bool Text(string field, string? value, int maxLength, Regex? shape = null, string? expected = null, int minLength = 0)
    {
        if (value is null) return false;
        var length = value.EnumerateRunes().Count();
        if (length < minLength)
        {
            Add(field, minLength == 1 ? "must not be empty" : $"must have at least {minLength} characters");
            return false;
        }
        if (length > maxLength)
        {
            Add(field, $"is too long: {length.ToString(CultureInfo.InvariantCulture)} characters, at most {maxLength} are allowed");
            return false;
        }
        if (shape is null || shape.IsMatch(value)) return true;
        Add(field, $"{Quote(value)} is not {expected}");
        return false;
    }

    public void OneOf(string field, string? value, IReadOnlyCollection<string> allowed)
    {
        if (value is not null && !allowed.Contains(value))
            Add(field, $"{Quote(value)} is not supported, use one of {string.Join(", ", allowed)}");
    }

    public void InRange(string field, int? value, int minimum, int maximum, string unit)
    {
        if (value is { } number && (number < minimum || number > maximum))
            Add(field, $"is {number.ToString(CultureInfo.InvariantCulture)}, must be {minimum} to {maximum} {unit}");
    }

    public void Count(string field, int? count, int maximum)
    {
        if (count > maximum) Add(field, $"has {count} entries, at most {maximum} are allowed");
    }

    /// <summary>A list of strings without duplicates.</summary>
    public void Set(string field, IReadOnlyList<string>? values, int maximum, Action<string, string> each)
    {
        if (values is null) return;
        Count(field, values.Count, maximum);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < values.Count; i++)
        {
            var item = $"{field}[{i.ToString(CultureInfo.InvariantCulture)}]";
            // A null in a list reaches us only from a server whose schema was changed.
            if (values[i] is not { } value) Add(item, "must not be null");
            else if (!seen.Add(value)) Add(item, $"Duplicate value: {Quote(value)} is listed before, remove one of the two");
            else each(item, value);
        }
    }

    /// <summary>The value in quotes, shortened: messages end up in conditions and logs.</summary>
    public static string Quote(string value)
    {
        const int shown = 100;
        var text = new StringBuilder("\"");
        foreach (var rune in value.EnumerateRunes().Take(shown))
            text.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        return text.Append(value.Length > shown ? "…\"" : "\"").ToString();
    }
}
