using System.Text;
using System.Text.Json;

namespace KmsOperator.Aws;

/// <summary>The error code of an answer, below the SDK.</summary>
internal static class AwsErrorCode
{
    /// <summary>The code in an answer's body: JSON's <c>__type</c>, or XML's <c>Code</c>; empty when it has none, as a proxy's page.</summary>
    public static string Of(byte[] body)
    {
        if (body is [(byte)'<', ..])
        {
            var text = Encoding.UTF8.GetString(body);
            var start = text.IndexOf("<Code>", StringComparison.Ordinal) + "<Code>".Length;
            var end = text.IndexOf("</Code>", StringComparison.Ordinal);
            return start >= "<Code>".Length && end > start && end - start <= 64 ? text[start..end] : "";
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            var type = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("__type", out var value)
                && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            return type[(type.LastIndexOf('#') + 1)..];
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
