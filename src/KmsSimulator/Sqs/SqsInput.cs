using System.Text.Json;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sqs;

/// <summary>The parameters of a call of SQS, or of an entry of a batch.</summary>
internal sealed class SqsInput(JsonElement root)
{
    public string? Text(string name) => Member(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Errors.Serialization($"{name} must be a string");

    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw SqsErrors.Missing(name);

    /// <summary>A number within bounds; null when it is not there.</summary>
    public int? Integer(string name, int min, int max)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number))
            throw Errors.Serialization($"{name} must be a number");
        return number >= min && number <= max ? number : throw SqsErrors.Invalid($"{number}", name, $"Must be between {min} and {max}, if provided.");
    }

    public IReadOnlyList<string> Texts(string name) =>
        [.. Elements(name).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Errors.Serialization($"{name} must be a list of strings"))];

    /// <summary>Strings by name; empty when it is not there.</summary>
    public IReadOnlyDictionary<string, string> Map(string name) => Member(name) is not { } value ? new SortedDictionary<string, string>(StringComparer.Ordinal)
        : value.ValueKind == JsonValueKind.Object ? KmsInput.Texts(value) : throw Errors.Serialization($"{name} must be a structure");

    /// <summary>The entries of a batch: one to ten, each with an id of its own.</summary>
    public IReadOnlyList<(string Id, SqsInput Entry)> Entries()
    {
        const int MaxEntries = 10;
        var entries = Elements("Entries").Select(item => item.ValueKind == JsonValueKind.Object ? new SqsInput(item) : throw Errors.Serialization("Entries must be structures")).ToArray();
        if (entries.Length == 0)
            throw new ServiceException("EmptyBatchRequest", "There should be at least one entry in the request.");
        if (entries.Length > MaxEntries)
            throw new ServiceException("TooManyEntriesInBatchRequest", $"Maximum number of entries per request are {MaxEntries}. You have sent {entries.Length}.");
        var ids = entries.Select(entry => entry.Required("Id")).ToArray();
        if (ids.FirstOrDefault(id => id.Length > 80 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) is not null)
            throw new ServiceException("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.");
        return ids.Distinct(StringComparer.Ordinal).Count() == ids.Length
            ? [.. ids.Zip(entries)]
            : throw new ServiceException("BatchEntryIdsNotDistinct", $"Id {ids.GroupBy(id => id).First(group => group.Count() > 1).Key} repeated.");
    }

    private JsonElement[] Elements(string name) => Member(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Errors.Serialization($"{name} must be a list");

    private JsonElement? Member(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
