using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.Kubernetes;

/// <summary>Writes JSON objects as request bodies.</summary>
internal static class JsonBody
{
    public static byte[] ToUtf8Bytes(this JsonObject json)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            json.WriteTo(writer);
        return stream.ToArray();
    }
}
