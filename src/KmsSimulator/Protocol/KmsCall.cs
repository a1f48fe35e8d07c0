using System.Globalization;
using System.Text.Json;
using KmsSimulator.Model;

namespace KmsSimulator.Protocol;

/// <summary>One request: who calls, where, and with what.</summary>
internal sealed class KmsCall(World world, Caller caller, string region, JsonElement input, string requestId)
{
    /// <summary>All there is.</summary>
    public World World => world;

    /// <summary>Who calls.</summary>
    public Caller Caller => caller;

    /// <summary>The Region that was called.</summary>
    public string RegionName => region;

    /// <summary>Id of the request.</summary>
    public string RequestId => requestId;

    /// <summary>The caller's part of the Region.</summary>
    public RegionState Region => world.Region(caller.AccountId, region);

    /// <summary>Now.</summary>
    public DateTimeOffset Now => world.Clock.Now;

    /// <summary>The key that the call was about, for the record of calls.</summary>
    public string? Subject { get; set; }

    /// <summary>An optional string, its length within limits.</summary>
    public string? String(string name, int min = 0, int max = int.MaxValue)
    {
        if (!input.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw new KmsException("SerializationException", $"{name} must be a string");
        }

        var text = value.GetString()!;
        if (text.Length < min || text.Length > max)
        {
            throw KmsException.Validation(
                $"1 validation error detected: Value at '{Camel(name)}' failed to satisfy constraint: Member must have length "
                + (text.Length < min
                    ? $"greater than or equal to {min.ToString(CultureInfo.InvariantCulture)}"
                    : $"less than or equal to {max.ToString(CultureInfo.InvariantCulture)}"));
        }

        return text;
    }

    /// <summary>A string that must be there.</summary>
    public string Required(string name, int min = 1, int max = 2048) => String(name, min, max)
        ?? throw KmsException.Validation($"1 validation error detected: Value null at '{Camel(name)}' failed to satisfy constraint: Member must not be null");

    /// <summary>An optional string that must be one of a list.</summary>
    public string OneOf(string name, string defaultValue, IReadOnlyCollection<string> allowed)
    {
        var value = String(name) ?? defaultValue;
        return allowed.Contains(value)
            ? value
            : throw KmsException.Validation(
                $"1 validation error detected: Value '{value}' at '{Camel(name)}' failed to satisfy constraint: Member must satisfy enum value set: [{string.Join(", ", allowed)}]");
    }

    /// <summary>An optional number within limits.</summary>
    public int? Integer(string name, int min, int max)
    {
        if (!input.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number))
        {
            throw new KmsException("SerializationException", $"{name} must be a number");
        }

        return number >= min && number <= max
            ? number
            : throw KmsException.Validation(
                $"1 validation error detected: Value '{number.ToString(CultureInfo.InvariantCulture)}' at '{Camel(name)}' failed to satisfy constraint: Member must have value "
                + (number < min
                    ? $"greater than or equal to {min.ToString(CultureInfo.InvariantCulture)}"
                    : $"less than or equal to {max.ToString(CultureInfo.InvariantCulture)}"));
    }

    /// <summary>An optional boolean.</summary>
    public bool? Boolean(string name) => !input.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => throw new KmsException("SerializationException", $"{name} must be a boolean"),
    };

    /// <summary>An optional list.</summary>
    public IReadOnlyList<JsonElement>? List(string name) =>
        !input.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()]
        : throw new KmsException("SerializationException", $"{name} must be a list");

    /// <summary>An optional object.</summary>
    public JsonElement? Object(string name) =>
        input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}

/// <summary>Who calls: an account and the principal in it.</summary>
/// <param name="AccountId">12 digits.</param>
/// <param name="Arn">As GetCallerIdentity shows it.</param>
/// <param name="PrincipalArn">As policies name it: for an assumed role the role.</param>
/// <param name="UserId">Unique id.</param>
internal sealed record Caller(string AccountId, string Arn, string PrincipalArn, string UserId);
