using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsSimulator.Protocol;

namespace KmsSimulator.Tags;

/// <summary>What KMS demands of tags.</summary>
/// <remarks>Source: AWS KMS API reference, Tag; developer guide, "Tagging keys".</remarks>
internal static partial class TagRules
{
    public const int MaxTags = 50;
    public const int MaxKey = 128;
    private const int MaxValue = 256;

    public static ImmutableSortedDictionary<string, string> NoTags { get; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Reads Tags; what is wrong with lengths is reported with the rest of the input.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(KmsInput input, bool required = false)
    {
        var list = input.List("Tags", required);
        var tags = new List<KeyValuePair<string, string>>(list.Count);
        foreach (var item in list)
        {
            var path = $"tags.{tags.Count + 1}.member";
            var (key, value) = (Text(input, item, path, "TagKey"), Text(input, item, path, "TagValue"));
            input.CheckLength($"{path}.tagKey", key, 1, MaxKey);
            input.CheckLength($"{path}.tagValue", value, 0, MaxValue);
            tags.Add(new(key, value));
        }

        return tags;
    }

    /// <summary>Fails on keys that come twice, on too many, on reserved keys and on characters.</summary>
    public static void Check(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (tags.Select(tag => tag.Key).Distinct(StringComparer.Ordinal).Count() != tags.Count)
            throw Errors.Tag("Duplicate tag keys");
        CheckCount(tags.Count);
        foreach (var (key, value) in tags)
        {
            CheckKey(key);
            if (!Characters().IsMatch(value))
                throw Errors.Tag($"The value of tag {key} has characters that are not allowed.");
        }

    }

    /// <summary>Fails on a key that no user may set or remove.</summary>
    public static void CheckKey(string key)
    {
        if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            throw Errors.Tag("Tags beginning with aws: are reserved");
        if (!Characters().IsMatch(key))
            throw Errors.Tag($"The tag key {key} has characters that are not allowed.");
    }

    /// <summary>Fails when a key would have too many.</summary>
    public static void CheckCount(int count)
    {
        if (count > MaxTags)
            throw Errors.Tag("Too many tags");
    }

    /// <summary>A tag in an answer.</summary>
    public static JsonNode Show(KeyValuePair<string, string> tag) => new JsonObject { ["TagKey"] = tag.Key, ["TagValue"] = tag.Value };

    private static string Text(KmsInput input, JsonElement tag, string path, string name)
    {
        if (tag.ValueKind != JsonValueKind.Object)
            throw Errors.Serialization("Tags must be a list of structures");
        if (tag.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Errors.Serialization($"{name} must be a string");
        input.Missing($"{path}.{char.ToLowerInvariant(name[0])}{name[1..]}");
        return name;
    }

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*\z")]
    private static partial Regex Characters();
}
