using System.Net;
using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Reads one line of a watch: <c>{"type": …, "object": …}</c>. A line that cannot be read is an event with an unreadable object.</summary>
internal static class WatchLine
{
    /// <param name="type">The kind.</param>
    /// <param name="line">The line, or its beginning.</param>
    /// <param name="isWhole">False if the line was too long, and only its beginning is there.</param>
    /// <exception cref="KubernetesApiException">The line is an error; an expired watch looks like this, on a 200.</exception>
    public static WatchEvent<T> Parse<T>(ResourceType<T> type, ReadOnlySpan<byte> line, bool isWhole)
        where T : class, IResource
    {
        Split(line, out var word, out var body);
        var kind = word switch
        {
            "ADDED" => WatchEventKind.Added,
            "DELETED" => WatchEventKind.Deleted,
            "BOOKMARK" => WatchEventKind.Bookmark,
            "ERROR" => throw Error(body),
            _ => WatchEventKind.Modified,
        };
        if (!isWhole)
            return Unreadable(kind, ObjectReader.TooLarge(type, MetadataScan.Of(body)));
        if (word is not ("ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK"))
            return Unreadable(kind, ObjectReader.Malformed(type, MetadataScan.Of(body), null));
        return ObjectReader.TryRead(type, body, out var resource, out var unreadable) ? new(kind, resource) : Unreadable(kind, unreadable);

        static WatchEvent<T> Unreadable(WatchEventKind kind, UnreadableObject unreadable) => new(kind, null) { Unreadable = unreadable };
    }

    /// <summary>The word after <c>type</c> and the text after <c>object</c>, as far as there are any.</summary>
    private static void Split(ReadOnlySpan<byte> line, out string? word, out ReadOnlySpan<byte> body)
    {
        word = null;
        var (start, end) = (0, 0);
        var reader = new Utf8JsonReader(line, isFinalBlock: false, new JsonReaderState(MetadataScan.AnyDepth));
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("type"u8);
                var isObject = reader.ValueTextEquals("object"u8);
                if (!reader.Read())
                    break;
                if (isType && reader.TokenType == JsonTokenType.String)
                    word = reader.GetString();
                if (isObject)
                    (start, end) = ((int)reader.TokenStartIndex, line.Length);
                if (!reader.TrySkip())
                    break;
                if (isObject)
                    end = (int)reader.BytesConsumed;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What was found until here counts.
        }
        body = line[start..end];
    }

    private static KubernetesApiException Error(ReadOnlySpan<byte> body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, BuiltInJsonContext.Default.StatusBody) is { } status)
                return status.ToException();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Answered below.
        }
        return new(HttpStatusCode.InternalServerError, "", "The API server ended the watch with an error that cannot be read.");
    }
}
