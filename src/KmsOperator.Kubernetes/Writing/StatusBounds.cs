using System.Text.Json.Nodes;

namespace KmsOperator.Kubernetes;

/// <summary>Keeps the texts of a status within bounds, whatever they quote. The one place where condition messages are shortened.</summary>
/// <remarks>
/// The API refuses a condition whose message is longer than 32,768 characters, and an object of more than about 1.5 MB. A message often
/// quotes what a user wrote or what AWS answered, and either may be longer.
/// Source: Kubernetes API reference, Condition v1 meta; etcd documentation, "System limits".
/// </remarks>
public static class StatusBounds
{
    /// <summary>The longest condition message, in UTF-8 bytes.</summary>
    public const int LongestMessage = 4096;

    /// <summary>The longest text in any other field, in UTF-8 bytes. KMS's longest, a key policy, has 32 KiB.</summary>
    public const int LongestText = 64 * 1024;

    /// <summary>Shortens the texts that are too long, at a character boundary and with an ellipsis.</summary>
    internal static void Apply(JsonObject status)
    {
        foreach (var (name, value) in status.ToList())
            Apply(value, name == "message" ? LongestMessage : LongestText, shorter => status[name] = shorter);
    }

    private static void Apply(JsonNode? node, int longest, Action<JsonNode> replace)
    {
        switch (node)
        {
            case JsonObject json:
                Apply(json);
                break;
            case JsonArray array:
                for (var i = 0; i < array.Count; i++)
                {
                    var index = i;
                    Apply(array[i], longest, shorter => array[index] = shorter);
                }
                break;
            case JsonValue value when value.TryGetValue<string>(out var text):
                var shortened = Utf8Text.Truncate(text, longest);
                if (shortened.Length != text.Length)
                    replace(JsonValue.Create(shortened));
                break;
            default:
                break;
        }
    }
}
