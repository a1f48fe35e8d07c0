using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KmsOperator.Kubernetes;

/// <summary>Reads one line of a watch: <c>{"type": …, "object": …}</c>.</summary>
internal static class WatchLine
{
    /// <exception cref="KubernetesApiException">The line is an error; an expired watch looks like this, on a 200.</exception>
    /// <exception cref="JsonException">The line is not what a watch sends.</exception>
    public static WatchEvent<T> Parse<T>(ReadOnlySpan<byte> line, JsonTypeInfo<T> item)
    {
        string? kind = null;
        ReadOnlySpan<byte> body = default;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type");
            var isObject = reader.ValueTextEquals("object");
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isType)
                kind = reader.GetString();
            reader.Skip();
            if (isObject)
                body = line[start..(int)reader.BytesConsumed];
        }
        return kind switch
        {
            "ADDED" => new(WatchEventKind.Added, Object(body, item)),
            "MODIFIED" => new(WatchEventKind.Modified, Object(body, item)),
            "DELETED" => new(WatchEventKind.Deleted, Object(body, item)),
            "BOOKMARK" => new(WatchEventKind.Bookmark, Object(body, item)),
            "ERROR" => throw Object(body, BuiltInJsonContext.Default.StatusBody).ToException(),
            _ => throw new JsonException($"A watch sent a line of type '{kind}'."),
        };
    }

    private static T Object<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> item) =>
        JsonSerializer.Deserialize(body, item) ?? throw new JsonException("A watch sent a line without an object.");
}
