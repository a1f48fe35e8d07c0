using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KmsSimulator.Policies;

/// <summary>The layout in which KMS gives policies back: two spaces, <c>"name" : value</c>, lists on one line.</summary>
/// <remarks>Source: AWS KMS API reference, GetKeyPolicy, the example response.</remarks>
internal static class PolicyText
{
    /// <summary>The document in that layout.</summary>
    public static string Of(JsonElement document)
    {
        var text = new StringBuilder();
        Append(text, document, depth: 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(text, value, depth + 1);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var separator = " ";
                foreach (var item in value.EnumerateArray())
                {
                    text.Append(separator);
                    Append(text, item, depth);
                    separator = ", ";
                }

                text.Append(" ]");
                break;
            case JsonValueKind.String:
                AppendString(text, value.GetString()!);
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void AppendObject(StringBuilder text, JsonElement value, int depth)
    {
        text.Append('{');
        var separator = "\n";
        foreach (var member in value.EnumerateObject())
        {
            text.Append(separator).Append(' ', 2 * depth);
            AppendString(text, member.Name);
            text.Append(" : ");
            Append(text, member.Value, depth);
            separator = ",\n";
        }

        if (separator == "\n")
            text.Append(" }");
        else
            text.Append('\n').Append(' ', 2 * (depth - 1)).Append('}');
    }

    private static void AppendString(StringBuilder text, string value) =>
        text.Append('"').Append(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)).Append('"');
}
