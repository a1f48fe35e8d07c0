using System.Text;
using System.Text.Json;

namespace KmsOperator.Aws;

/// <summary>What a request to AWS is, and what an error answer says, below the SDK.</summary>
internal static class AwsOperation
{
    private const string Header = "X-Amz-Target";

    /// <summary>The operation of a JSON request, whose header is <c>TrentService.CreateKey</c>; null for any other.</summary>
    public static string? Of(HttpRequestMessage request) =>
        request.Headers.TryGetValues(Header, out var values) && values.FirstOrDefault() is { } target
            ? target[(target.LastIndexOf('.') + 1)..]
            : null;

    /// <summary>The error code of an answer's body: JSON's <c>__type</c>, or XML's <c>Code</c>; empty when it has none, as a proxy's page.</summary>
    public static string ErrorCodeOf(byte[] body)
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
