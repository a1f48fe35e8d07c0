using System.Text.Json;

namespace KmsSimulator.Protocol;

/// <summary>JSON as the simulator takes it: no member twice, and every text and name is Unicode.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a document; none of its texts will fail to be read later on.</summary>
    /// <exception cref="JsonException">It is not JSON, has a member twice, or has bytes or escapes that are no Unicode.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        // A document's texts are decoded when they are asked for, and fail only then: each is asked for here.
        var reader = new Utf8JsonReader(utf8.Span);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    reader.GetString();
            }
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException($"A text at byte {reader.TokenStartIndex} is not Unicode.", e);
        }

        return JsonDocument.Parse(utf8, Strict);
    }
}
