using System.Text.Json;
using System.Text.RegularExpressions;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>What KMS demands of tags.</summary>
internal static partial class TagRules
{
    private const int MaxTags = 50;

    /// <summary>Tags of a request, checked.</summary>
    public static Dictionary<string, string> Read(KmsCall call, bool required)
    {
        var list = call.List("Tags") ?? (required ? throw KmsException.Validation("1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null") : []);
        var tags = new Dictionary<string, string>();
        foreach (var tag in list)
        {
            var key = tag.TryGetProperty("TagKey", out var k) && k.ValueKind == JsonValueKind.String ? k.GetString()! : "";
            var value = tag.TryGetProperty("TagValue", out var v) && v.ValueKind == JsonValueKind.String ? v.GetString()! : "";
            CheckKey(key);
            if (value.Length > 256)
            {
                throw KmsException.Validation("1 validation error detected: Value at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256");
            }

            if (!Characters().IsMatch(key) || !Characters().IsMatch(value))
            {
                throw KmsException.Tag("Tags contain invalid characters");
            }

            if (!tags.TryAdd(key, value))
            {
                throw KmsException.Tag("Duplicate tag keys");
            }
        }

        return tags;
    }

    /// <summary>Fails on a key that no user may set or remove.</summary>
    public static void CheckKey(string key)
    {
        if (key.Length is < 1 or > 128)
        {
            throw KmsException.Validation("1 validation error detected: Value at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length between 1 and 128");
        }

        if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
        {
            throw KmsException.Tag("aws: prefixed tag key names are not allowed for external use.");
        }
    }

    /// <summary>Fails when a key would have too many tags.</summary>
    public static void CheckCount(int count)
    {
        if (count > MaxTags)
        {
            throw KmsException.LimitExceeded("Too many tags");
        }
    }

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$")]
    private static partial Regex Characters();
}
