using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace KmsOperator;

/// <summary>Serves <c>/metrics</c> in Prometheus' text format, whether this instance leads or not.</summary>
internal static class MetricsEndpoint
{
    // More series of one instrument than this are summed up as one; condition counts and calls by account stay far below.
    private const int MaxSeries = 4000;

    /// <summary>Starts to listen; ends when disposed.</summary>
    /// <param name="address">Where.</param>
    /// <param name="meter">What is served.</param>
    /// <exception cref="InvalidOperationException">The address cannot be had; the message names the flag.</exception>
    public static MeterProvider Start(ListenAddress address, Meter meter)
    {
        try
        {
            return Sdk.CreateMeterProviderBuilder()
                .AddMeter(meter.Name)
                .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = MaxSeries })
                .AddPrometheusHttpListener(options =>
                {
                    options.Port = address.Port;
                    options.ConfigureHttpListener = (_, listener) =>
                    {
                        // The option Host takes no wildcard.
                        listener.Prefixes.Clear();
                        listener.Prefixes.Add($"{address.Prefix}metrics/");
                    };

                    // The names are controller-runtime's; labels on top of its own would break the dashboards made for it.
                    options.ScopeInfoEnabled = false;
                    options.TargetInfoEnabled = false;
                })
                .Build();
        }
        catch (Exception e) when (e.GetBaseException() is HttpListenerException or SocketException)
        {
            throw new InvalidOperationException($"--metrics-address: cannot listen on {address.Prefix}: {e.GetBaseException().Message}. Choose another port, or 0 for none.", e);
        }
    }
}
