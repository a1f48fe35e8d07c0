using System.Globalization;
using System.Text.Json;

namespace KmsSimulator.Protocol;

/// <summary>The parameters of a call. Reading them gathers what is wrong; <see cref="Validate"/> reports it at once, as KMS does.</summary>
internal sealed class KmsInput(JsonElement root)
{
    // The year 9999.
    private const double MaxSeconds = 253_402_300_799;
    private readonly List<string> _violations = [];

    /// <summary>All parameters, as they were sent.</summary>
    public JsonElement Root => root;

    /// <summary>A string, without any check; for routing.</summary>
    public string? Peek(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public string? String(string name, int min, int max, Pattern? pattern = null, bool required = false)
    {
        if (Member(name) is not { } value)
        {
            if (required)
                Missing(name);
            return null;
        }

        var text = Text(value, name);
        CheckLength(Camel(name), text, min, max);
        if (pattern is not null && !pattern.Regex.IsMatch(text))
            Violation(text, Camel(name), $"Member must satisfy regular expression pattern: {pattern.Text}");
        return text;
    }

    /// <summary>One of a list of names.</summary>
    public string? Choice(string name, IReadOnlyCollection<string> allowed)
    {
        if (Member(name) is not { } value)
            return null;
        var text = Text(value, name);
        if (!allowed.Contains(text))
            Violation(text, Camel(name), $"Member must satisfy enum value set: [{string.Join(", ", allowed)}]");
        return text;
    }

    public int? Integer(string name, int min, int max)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number))
            throw Errors.Serialization($"{name} must be a number");
        var shown = number.ToString(CultureInfo.InvariantCulture);
        if (number < min)
            Violation(shown, Camel(name), $"Member must have value greater than or equal to {min}");
        if (number > max)
            Violation(shown, Camel(name), $"Member must have value less than or equal to {max}");
        return number;
    }

    /// <summary>Seconds since the epoch; null when it is not there.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds) || Math.Abs(seconds) > MaxSeconds)
            throw Errors.Serialization($"{name} must be a timestamp");
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
    }

    public bool? Boolean(string name) => Member(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Errors.Serialization($"{name} must be a boolean"),
    };

    /// <summary>Base64 of a number of bytes.</summary>
    public byte[]? Blob(string name, int min, int max, bool required = false)
    {
        if (Member(name) is not { } value)
        {
            if (required)
                Missing(name);
            return null;
        }

        if (value.ValueKind != JsonValueKind.String || !value.TryGetBytesFromBase64(out var bytes))
            throw Errors.Serialization($"{name} must be base64");
        if (bytes.Length < min || bytes.Length > max)
            _violations.Add($"Value at '{Camel(name)}' failed to satisfy constraint: Member must have length {(bytes.Length < min ? $"greater than or equal to {min}" : $"less than or equal to {max}")}");
        return bytes;
    }

    /// <summary>A list; empty when it is not there.</summary>
    public IReadOnlyList<JsonElement> List(string name, bool required = false)
    {
        if (Member(name) is not { } value)
        {
            if (required)
                Missing(name);
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Errors.Serialization($"{name} must be a list");
    }

    /// <summary>A list of strings, with its own check of each.</summary>
    public IReadOnlyList<string> Strings(string name, int min, int max, bool required = false)
    {
        var list = List(name, required);
        var texts = new string[list.Count];
        for (var i = 0; i < list.Count; i++)
        {
            texts[i] = Text(list[i], name);
            CheckLength($"{Camel(name)}.{i + 1}.member", texts[i], min, max);
        }

        return texts;
    }

    /// <summary>GrantTokens, of which there may be ten.</summary>
    public void GrantTokens()
    {
        if (Strings("GrantTokens", 1, 8192) is { Count: > 10 } tokens)
            Violation($"[{string.Join(", ", tokens)}]", "grantTokens", "Member must have length less than or equal to 10");
    }

    public JsonElement? Structure(string name) => Member(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? value : throw Errors.Serialization($"{name} must be a structure");

    /// <summary>A map of strings; null when it is not there.</summary>
    public SortedDictionary<string, string>? Map(string name) => Structure(name) is { } structure ? Texts(structure) : null;

    /// <summary>The members of a structure whose members are strings.</summary>
    public static SortedDictionary<string, string> Texts(JsonElement structure)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in structure.EnumerateObject())
            map[entry.Name] = Text(entry.Value, Errors.Shown(entry.Name));
        return map;
    }

    /// <summary>Notes a value that must be there and is not.</summary>
    public void Missing(string name) =>
        _violations.Add($"Value null at '{Camel(name)}' failed to satisfy constraint: Member must not be null");

    /// <summary>Checks the length of a value at a path of its own.</summary>
    public void CheckLength(string path, string text, int min, int max)
    {
        if (text.Length < min)
            Violation(text, path, $"Member must have length greater than or equal to {min}");
        if (text.Length > max)
            Violation(text, path, $"Member must have length less than or equal to {max}");
    }

    /// <summary>Fails if anything that was read so far was wrong.</summary>
    public void Validate()
    {
        if (_violations.Count > 0)
        {
            throw Errors.Validation(
                $"{_violations.Count} validation error{(_violations.Count == 1 ? "" : "s")} detected: {string.Join("; ", _violations)}");
        }
    }

    private JsonElement? Member(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private void Violation(string value, string path, string rule) =>
        _violations.Add($"Value '{Errors.Shown(value)}' at '{path}' failed to satisfy constraint: {rule}");

    private static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Errors.Serialization($"{name} must be a string");

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
