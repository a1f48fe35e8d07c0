using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>What can be read of an object without a model of it, also if it is cut off or partly broken.</summary>
/// <param name="Metadata">The fields of its metadata that could be read.</param>
/// <param name="Depth">How deeply it nests, as far as it was read.</param>
/// <param name="ManagedFieldsBytes">Size of its <c>managedFields</c>.</param>
internal readonly record struct MetadataScan(ObjectMeta Metadata, int Depth, long ManagedFieldsBytes)
{
    /// <summary>For readers that only look for the end of a value: any depth that the server permits.</summary>
    public static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    public static MetadataScan Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(AnyDepth));
        var (metadata, depth, managed, isMetadata) = (new ObjectMeta(), 0, 0L, false);
        try
        {
            while (reader.Read())
            {
                depth = Math.Max(depth, reader.CurrentDepth);
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth > 2)
                    continue;
                if (reader.CurrentDepth == 1)
                {
                    isMetadata = reader.ValueTextEquals("metadata"u8);
                    continue;
                }
                if (!isMetadata)
                    continue;
                var start = reader.BytesConsumed;
                var isManagedFields = reader.ValueTextEquals("managedFields"u8);
                metadata = ReadField(ref reader, metadata);
                managed += isManagedFields ? reader.BytesConsumed - start : 0;
            }
        }
        catch (JsonException)
        {
            // What was read until here counts.
        }
        return new(metadata, depth, managed);
    }

    /// <summary>Reads the value that follows a name, if it is a field that matters and has the right type.</summary>
    private static ObjectMeta ReadField(ref Utf8JsonReader reader, ObjectMeta metadata)
    {
        string? name = null;
        foreach (var known in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp", "finalizers"])
        {
            if (reader.ValueTextEquals(known))
                name = known;
        }
        if (!reader.Read())
            return metadata;
        var changed = (name, reader.TokenType) switch
        {
            ("name", JsonTokenType.String) => metadata with { Name = Text(ref reader) ?? "" },
            ("namespace", JsonTokenType.String) => metadata with { Namespace = Text(ref reader) },
            ("uid", JsonTokenType.String) => metadata with { Uid = Text(ref reader) },
            ("resourceVersion", JsonTokenType.String) => metadata with { ResourceVersion = Text(ref reader) },
            ("generation", JsonTokenType.Number) when reader.TryGetInt64(out var generation) => metadata with { Generation = generation },
            ("deletionTimestamp", JsonTokenType.String) when reader.TryGetDateTimeOffset(out var time) => metadata with { DeletionTimestamp = time },
            ("finalizers", JsonTokenType.StartArray) => metadata with { Finalizers = Texts(ref reader) },
            _ => metadata,
        };
        reader.TrySkip();
        return changed;
    }

    private static List<string> Texts(ref Utf8JsonReader reader)
    {
        var texts = new List<string>();
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.String && Text(ref reader) is { } text)
                texts.Add(text);
            else
                reader.TrySkip();
        }
        return texts;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Invalid UTF-8, or half of a surrogate pair.
            return null;
        }
    }
}
