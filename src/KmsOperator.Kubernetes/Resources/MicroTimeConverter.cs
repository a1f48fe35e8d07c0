using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KmsOperator.Kubernetes;

/// <summary>Times with microseconds, as leases and events carry them.</summary>
/// <remarks>Source: Kubernetes API reference, MicroTime v1 meta.</remarks>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset?>
{
    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time)
            writer.WriteStringValue(Format(time));
        else
            writer.WriteNullValue();
    }

    internal static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
