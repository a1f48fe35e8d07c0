using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace KmsOperator.Observability.Logging;

/// <summary>
/// One JSON object a line, with the keys that controller-runtime's logger writes: <c>level</c>, <c>ts</c>, <c>logger</c>, <c>msg</c>, then those of the
/// scopes and the message's arguments, then <c>error</c> and <c>stacktrace</c>.
/// </summary>
/// <param name="time">Clock of <c>ts</c>.</param>
/// <remarks>Source: controller-runtime, <c>pkg/log/zap</c> in production mode, and zap's names of levels.</remarks>
internal sealed class JsonLogFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    /// <summary>The name under which the console finds it.</summary>
    public const string FormatterName = "controller-runtime";

    private const string Template = "{OriginalFormat}";
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Own = ["level", "ts", "logger", "msg", "error", "stacktrace"];

    /// <inheritdoc />
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var fields = new OrderedDictionary<string, object?>();
        scopeProvider?.ForEachScope(static (scope, into) => Collect(scope, into), fields);
        Collect(logEntry.State, fields);

        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteString("level", Level(logEntry.LogLevel));
            json.WriteString("ts", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("logger", logEntry.Category);
            json.WriteString("msg", WellFormed(logEntry.Formatter(logEntry.State, null)));
            foreach (var (name, value) in fields)
            {
                json.WritePropertyName(Own.Contains(name) ? name + "_" : name);
                WriteValue(json, value);
            }

            if (logEntry.Exception is { } exception)
            {
                json.WriteString("error", WellFormed(Messages(exception)));
                json.WriteString("stacktrace", WellFormed(exception.ToString()));
            }

            json.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(line.WrittenSpan));
        textWriter.Write('\n');
    }

    /// <summary>Later ones win: the message's argument over the scope's, the inner scope's over the outer one's.</summary>
    private static void Collect(object? state, OrderedDictionary<string, object?> fields)
    {
        var values = state switch
        {
            IEnumerable<KeyValuePair<string, object?>> pairs => pairs,
            _ => [],
        };
        foreach (var (name, value) in values)
        {
            if (name != Template)
            {
                fields[WellFormed(name)] = value;
            }
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool boolean:
                json.WriteBooleanValue(boolean);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case NamespacedName key:
                // As klog writes a reference to an object.
                json.WriteStartObject();
                json.WriteString("name", WellFormed(key.Name));
                if (key.Namespace.Length > 0)
                {
                    json.WriteString("namespace", WellFormed(key.Namespace));
                }

                json.WriteEndObject();
                break;
            case IFormattable formattable:
                json.WriteStringValue(WellFormed(formattable.ToString(null, CultureInfo.InvariantCulture)));
                break;
            default:
                json.WriteStringValue(WellFormed(value.ToString() ?? ""));
                break;
        }
    }

    private static string Messages(Exception exception) =>
        exception.InnerException is { } inner && !exception.Message.Contains(inner.Message, StringComparison.Ordinal)
            ? $"{exception.Message}: {Messages(inner)}"
            : exception.Message;

    /// <summary>Half of a surrogate pair is no text, and the writer refuses it; a log line must never throw.</summary>
    private static string WellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[++i])))
            {
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            }
        }

        return text;
    }
}
