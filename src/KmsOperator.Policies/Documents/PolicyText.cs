using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Writes compact JSON without needless escapes, since every byte counts towards KMS's limit.</summary>
internal static class PolicyText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What <paramref name="write"/> writes, as text.</summary>
    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
