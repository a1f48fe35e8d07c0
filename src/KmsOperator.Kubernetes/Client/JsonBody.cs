using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.Kubernetes;

/// <summary>Writes JSON request bodies as UTF-8 that a YAML 1.1 parser reads too.</summary>
/// <remarks>
/// The API server parses apply patches as YAML. YAML has no surrogate pairs: it refuses <c>"\ud83d\ude42"</c>, which every encoder of
/// System.Text.Json writes for an emoji. So characters are written as they are. Only those are escaped that JSON forbids in a string, that
/// YAML does not count as printable, or that YAML takes for a line break. Lone surrogates, which are no characters, become U+FFFD.
/// Source: YAML 1.1, "Character Set" and "Line Break Characters".
/// </remarks>
internal static class JsonBody
{
    private const int MaxUtf8Length = 4;

    // Nearly all text is of nothing else. It is copied at once.
    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7F - 0x20).Select(code => (char)code).Where(character => character is not ('"' or '\\'))]);

    public static byte[] ToUtf8Bytes(this JsonNode json)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(json, output);
        return output.WrittenSpan.ToArray();
    }

    private static void Write(JsonNode? node, ArrayBufferWriter<byte> output)
    {
        switch (node)
        {
            case JsonObject json:
                output.Write("{"u8);
                var isFirst = true;
                foreach (var (name, value) in json)
                {
                    if (!isFirst)
                        output.Write(","u8);
                    isFirst = false;
                    Write(name, output);
                    output.Write(":"u8);
                    Write(value, output);
                }
                output.Write("}"u8);
                break;
            case JsonArray array:
                output.Write("["u8);
                for (var i = 0; i < array.Count; i++)
                {
                    if (i > 0)
                        output.Write(","u8);
                    Write(array[i], output);
                }
                output.Write("]"u8);
                break;
            case JsonValue value when value.TryGetValue<string>(out var text):
                Write(text, output);
                break;
            case null:
                output.Write("null"u8);
                break;
            default:
                // Numbers and booleans; and times, which are ASCII.
                using (var writer = new Utf8JsonWriter(output))
                    node.WriteTo(writer);
                break;
        }
    }

    private static void Write(string text, ArrayBufferWriter<byte> output)
    {
        output.Write("\""u8);
        var plain = text.AsSpan().IndexOfAnyExcept(PlainCharacters);
        if (plain < 0)
            plain = text.Length;
        output.Advance(Encoding.ASCII.GetBytes(text.AsSpan(0, plain), output.GetSpan(plain)));
        foreach (var rune in text.AsSpan(plain).EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                output.Write("\\"u8);
            if (MustBeEscaped(rune.Value))
                output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")));
            else
                output.Advance(rune.EncodeToUtf8(output.GetSpan(MaxUtf8Length)));
        }
        output.Write("\""u8);
    }

    /// <summary>Controls, the line and paragraph separators, the byte order mark, and the two non-characters at the end of the basic plane.</summary>
    private static bool MustBeEscaped(int codePoint) => codePoint is < 0x20 or (>= 0x7F and <= 0x9F) or 0x2028 or 0x2029 or 0xFEFF or 0xFFFE or 0xFFFF;
}
