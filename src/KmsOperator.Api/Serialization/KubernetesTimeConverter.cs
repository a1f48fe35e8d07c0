using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KmsOperator.Api;

/// <summary>Writes times as Kubernetes does: RFC 3339, UTC, whole seconds. Reads any RFC 3339 time.</summary>
/// <remarks>Source: Kubernetes API conventions; metav1.Time.</remarks>
public sealed class KubernetesTimeConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <inheritdoc />
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture));
}
