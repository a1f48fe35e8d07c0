using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Keys.Create;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Testing.Faults;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>One life of the operator, in this process: everything but the command line.</summary>
internal sealed class OperatorInstance : IAsyncDisposable
{
    /// <summary>Long enough that KMS's transitions end within it, short enough to wait for it in every run.</summary>
    public static readonly TimeSpan ConsistencyWindow = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly AwsClients _clients;
    private readonly Meter _meter;
    private readonly Task _run;

    private OperatorInstance(AwsClients clients, Meter meter, OperatorComposition parts)
    {
        _meter = meter;
        _clients = clients;
        _run = parts.RunAsync(stop => parts.RunControllersAsync(stop, CancellationToken.None), _stop.Token);
    }

    /// <param name="api">The API server.</param>
    /// <param name="namespace">All that it watches.</param>
    /// <param name="className">The only class that it sees.</param>
    /// <param name="simulator">Its AWS.</param>
    /// <param name="effects">Counts what had an effect on AWS.</param>
    /// <param name="driftPeriod">How often it compares keys by itself.</param>
    public static OperatorInstance Start(
        IKubernetesApi api,
        string @namespace,
        string className,
        Uri simulator,
        ConcurrentDictionary<string, int> effects,
        TimeSpan driftPeriod)
    {
        // Nothing goes wrong here; the plan only names and counts.
        var plan = new FaultPlan();
        var clients = new AwsClients("matrix", limiter: null, transport => new FaultyTransport(new ToSimulator(transport, simulator), plan, effects));
        var settings = new OperatorSettings("matrix", driftPeriod, ConsistencyWindow, TimeSpan.FromDays(7));
        var options = new OperatorOptions { Workers = 4, WatchNamespaces = [@namespace], HealthAddress = ListenAddress.Nowhere };
#pragma warning disable RS0030 // What two runs have in common is compared, not what is random in them.
        var random = Random.Shared;
        NewAttemptId newAttemptId = () => Guid.NewGuid().ToString("N");
#pragma warning restore RS0030
        var met = new FaultyApi(new OwnNamespaceApi(api, @namespace), plan, className);
        var meter = new Meter("kms-operator");
        return new OperatorInstance(
            clients,
            meter,
            new OperatorComposition(met, clients, settings, options, TimeProvider.System, random, newAttemptId, "matrix", new OperatorMetrics(meter, "test"), NullLoggerFactory.Instance));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _clients.Dispose();
        _meter.Dispose();
        _stop.Dispose();
    }

    /// <summary>Sends what is for AWS to the stage's own simulator.</summary>
    private sealed class ToSimulator(HttpMessageHandler inner, Uri simulator) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(simulator, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
