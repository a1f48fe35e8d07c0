using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace KmsOperator.Observability.Logging;

/// <summary>Logs to standard error, as JSON for machines or as text for people.</summary>
internal static class OperatorLogging
{
    /// <summary>Makes loggers.</summary>
    /// <param name="format"><c>json</c> or <c>text</c>.</param>
    /// <param name="time">Clock of the lines.</param>
    public static ILoggerFactory Create(string format, TimeProvider time) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(LogLevel.Information);
        builder.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = format == "json" ? JsonLogFormatter.FormatterName : ConsoleFormatterNames.Simple;
        });

        // By hand: what AddConsoleFormatter does beside this reads its options by reflection.
        builder.Services.AddSingleton<ConsoleFormatter>(new JsonLogFormatter(time));
        builder.Services.Configure<SimpleConsoleFormatterOptions>(text =>
        {
            text.SingleLine = true;
            text.UseUtcTimestamp = true;
            text.TimestampFormat = "HH:mm:ss.fff'Z' ";
            text.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    });
}
