using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KmsOperator.Observability.Tracing;

/// <summary>Sends traces by OTLP when the environment asks for it, under OpenTelemetry's variables; see docs/metrics.md.</summary>
/// <remarks>Source: OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".</remarks>
internal static class OperatorTracing
{
    /// <summary>Starts to collect the spans of a source and to send them.</summary>
    /// <param name="source">Whose spans.</param>
    /// <param name="environment">Value of an environment variable, null if unset. The exporter itself reads the process's.</param>
    /// <param name="version">The operator's version.</param>
    /// <param name="instance">This instance's name.</param>
    /// <returns>Null when traces are not asked for: then no span is made at all.</returns>
    public static TracerProvider? Start(ActivitySource source, Func<string, string?> environment, string version, string instance) =>
        IsWanted(environment)
            ? Sdk.CreateTracerProviderBuilder()
                .AddSource(source.Name)
                .ConfigureResource(resource => resource.AddService(
                    environment("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name : "kms-operator", serviceVersion: version, serviceInstanceId: instance))
                .AddOtlpExporter()
                .Build()
            : null;

    /// <summary>Off by default; an endpoint or the exporter's name turns it on, <c>none</c> and <c>OTEL_SDK_DISABLED</c> turn it off whatever else is set.</summary>
    internal static bool IsWanted(Func<string, string?> environment)
    {
        bool IsSet(string name) => !string.IsNullOrEmpty(environment(name));
        if (string.Equals(environment("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return environment("OTEL_TRACES_EXPORTER") switch
        {
            null or "" => IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
            var exporter => exporter == "otlp",
        };
    }
}
