using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Writes compact JSON without needless escapes, since every byte counts towards KMS's limit.</summary>
/// <remarks>KMS takes no character beyond U+00FF as it is, so those are escaped. Source: AWS KMS API reference, PutKeyPolicy, pattern of Policy.</remarks>
internal static class PolicyText
{
    private const char LastTaken = '\u00FF';

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What <paramref name="write"/> writes, as text.</summary>
    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        return Escape(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    /// <summary>A JSON string, with quotes.</summary>
    public static string Quote(string text) => Escape($"\"{Options.Encoder!.Encode(text)}\"");

    /// <summary>JSON with an escape for each character that KMS does not take. Such characters stand in strings only.</summary>
    private static string Escape(string json)
    {
        if (!json.AsSpan().ContainsAnyExceptInRange('\0', LastTaken))
        {
            return json;
        }

        var text = new StringBuilder(json.Length);
        foreach (var character in json)
        {
            _ = character <= LastTaken ? text.Append(character) : text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        return text.ToString();
    }
}
