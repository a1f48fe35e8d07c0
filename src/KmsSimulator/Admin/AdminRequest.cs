using System.Text.Json;

namespace KmsSimulator.Admin;

/// <summary>A request of the admin interface that makes no sense; the message says why, to a person.</summary>
internal sealed class AdminException(string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;
}

/// <summary>The body of such a request: members that are unknown or of the wrong type are errors, not ignored.</summary>
internal sealed class AdminRequest
{
    private readonly JsonElement _body;

    public AdminRequest(JsonElement body, params ReadOnlySpan<string> members)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new AdminException("A JSON object is wanted.");
        foreach (var member in body.EnumerateObject())
        {
            if (!members.Contains(member.Name))
                throw new AdminException($"There is no member {member.Name}; there are: {string.Join(", ", members)}.");
        }

        _body = body;
    }

    public string? Text(string name) => Member(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new AdminException($"{name} must be a string."),
    };

    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw new AdminException($"{name} is missing.");

    public int? Integer(string name, int min) => Member(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= min => number,
        _ => throw new AdminException($"{name} must be a whole number, {min} or more."),
    };

    public double? Number(string name, double min, double max) => Member(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) && number >= min && number <= max => number,
        _ => throw new AdminException($"{name} must be a number from {min} to {max}."),
    };

    public bool? Boolean(string name) => Member(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new AdminException($"{name} must be true or false."),
    };

    public IReadOnlyList<string> Texts(string name) => Member(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw new AdminException($"{name} must be a list of strings."),
    };

    private JsonElement? Member(string name) =>
        _body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
