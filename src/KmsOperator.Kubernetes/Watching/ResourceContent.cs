using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Compares all that the operator reads of two objects. Not thread-safe: it uses its buffers again.</summary>
/// <param name="json">Source-generated JSON of an object.</param>
public sealed class ResourceContent<T>(JsonTypeInfo<T> json)
    where T : class, IResource
{
    private readonly ArrayBufferWriter<byte> _one = new();
    private readonly ArrayBufferWriter<byte> _other = new();

    /// <summary>Whether two objects say the same, their metadata included.</summary>
    public bool AreSame(T one, T other) => Write(one, _one).SequenceEqual(Write(other, _other));

    private ReadOnlySpan<byte> Write(T resource, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        JsonSerializer.Serialize(writer, resource, json);
        return buffer.WrittenSpan;
    }
}
