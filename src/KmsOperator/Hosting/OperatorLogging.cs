using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace KmsOperator;

/// <summary>Logs to standard error, as JSON for machines or as text for people.</summary>
internal static class OperatorLogging
{
    /// <summary>Makes loggers.</summary>
    /// <param name="format"><c>json</c> or <c>text</c>.</param>
    public static ILoggerFactory Create(string format) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(LogLevel.Information);
        builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (format == "json")
        {
            builder.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            builder.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "HH:mm:ss.fff'Z' ";
                text.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    });
}
