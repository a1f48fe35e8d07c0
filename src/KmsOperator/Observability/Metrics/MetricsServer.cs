using System.Diagnostics.Metrics;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Observability.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace KmsOperator.Observability.Metrics;

/// <summary>Serves <c>/metrics</c> in Prometheus' text format, whether this instance leads or not.</summary>
internal static class MetricsServer
{
    // More series of one instrument than this are summed up as one. Memory for all of them is taken at once, about 1 MiB for 10,000, so only the instruments
    // whose labels have accounts get as many: calls to AWS, and event queues, of which each account may have its own.
    private const int MaxSeriesOfAccounts = 10_000;
    private const int MaxSeries = 200;

    /// <summary>Collects what a meter measures from now on; what came before is not counted.</summary>
    public static MeterProvider Collect(Meter meter) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(meter.Name)
        .AddView(instrument => new MetricStreamConfiguration { CardinalityLimit = HasAccounts(instrument.Name) ? MaxSeriesOfAccounts : MaxSeries })
        .AddPrometheusExporter(WithoutLabelsOnTop)
        .Build();

    /// <summary>Starts to listen; ends when disposed.</summary>
    /// <param name="address">Where.</param>
    /// <param name="collected">What is served; not disposed here.</param>
    /// <param name="certificate">With it only TLS is spoken.</param>
    /// <param name="gate">Who may read; everybody when null.</param>
    /// <param name="logger">Told where it listens.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="StartFailedException">The address cannot be had; the message names the flag.</exception>
    public static async Task<WebServer> StartAsync(
        ListenAddress address, MeterProvider collected, ServerCertificate? certificate, MetricsAuthorization? gate, ILogger logger, CancellationToken cancellationToken)
    {
        void Configure(IApplicationBuilder application)
        {
            if (gate is not null)
            {
                application.Use(next => context => gate.PassAsync(context, next));
            }

            application.UseOpenTelemetryPrometheusScrapingEndpoint(collected, null, "/metrics", null, null);
            application.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        }

        var server = await WebServer.StartAsync(
            "--metrics-address", address, Configure, certificate, cancellationToken, services => services.Configure<PrometheusAspNetCoreOptions>(WithoutLabelsOnTop));
        logger.LogInformation("Serving /metrics on {Address}", server.Url);
        return server;
    }

    private static bool HasAccounts(string instrument) =>
        (instrument.StartsWith("kmsoperator_aws_", StringComparison.Ordinal) && instrument != RequestMetrics.DurationName) || instrument.StartsWith("kmsoperator_event_", StringComparison.Ordinal);

    // The names are controller-runtime's; labels on top of its own would break the dashboards made for it.
    private static void WithoutLabelsOnTop(PrometheusAspNetCoreOptions options) => (options.ScopeInfoEnabled, options.TargetInfoEnabled) = (false, false);
}
