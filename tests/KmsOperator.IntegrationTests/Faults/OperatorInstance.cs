using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Keys.Create;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>One life of the operator, in this process: everything but the command line.</summary>
internal sealed class OperatorInstance : IAsyncDisposable
{
    // Long enough that KMS's transitions end within it, short enough to wait for it in every run.
    private static readonly TimeSpan ConsistencyWindow = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly AwsClients _clients;
    private readonly Meter _meter;
    private readonly Task _run;

    private OperatorInstance(AwsClients clients, Meter meter, OperatorComposition parts, LeaderLease? lease)
    {
        _meter = meter;
        _clients = clients;
        Lease = lease;
        _run = parts.RunAsync(stop => lease is null ? parts.RunControllersAsync(stop, CancellationToken.None) : lease.RunAsync(parts.RunControllersAsync, stop), _stop.Token);
    }

    /// <summary>The lease by which it leads; null when it works without one.</summary>
    public LeaderLease? Lease { get; }

    /// <param name="api">The API server.</param>
    /// <param name="namespace">All that it watches; its lease is there as well.</param>
    /// <param name="className">The only class that it sees.</param>
    /// <param name="simulator">Its AWS.</param>
    /// <param name="plan">What it meets.</param>
    /// <param name="effects">Counts what had an effect on AWS.</param>
    /// <param name="driftPeriod">How often it compares keys by itself.</param>
    /// <param name="lease">How it is elected; null to work at once.</param>
    public static OperatorInstance Start(
        IKubernetesApi api,
        string @namespace,
        string className,
        Uri simulator,
        FaultPlan plan,
        ConcurrentDictionary<string, int> effects,
        TimeSpan driftPeriod,
        LeaderLeaseOptions? lease = null)
    {
        var clients = new AwsClients("matrix", limiter: null, transport => new FaultyTransport(transport, plan, simulator, effects));
        var settings = new OperatorSettings("matrix", driftPeriod, ConsistencyWindow, TimeSpan.FromDays(7));
        var options = new OperatorOptions { Workers = 4, WatchNamespaces = [@namespace], HealthAddress = ListenAddress.Nowhere };
#pragma warning disable RS0030 // What two runs have in common is compared, not what is random in them.
        var random = Random.Shared;
        NewAttemptId newAttemptId = () => Guid.NewGuid().ToString("N");
#pragma warning restore RS0030
        var met = new FaultyApi(api is StaleApi ? api : new OwnNamespaceApi(api, @namespace), plan, className);
        var meter = new Meter("kms-operator");
        return new OperatorInstance(
            clients,
            meter,
            new OperatorComposition(met, clients, settings, options, TimeProvider.System, random, newAttemptId, "matrix", new OperatorMetrics(meter, "test"), NullLoggerFactory.Instance),
            lease is null ? null : new LeaderLease(met, new NamespacedName(@namespace, "kms-operator"), newAttemptId(), lease, TimeProvider.System, random, NullLogger.Instance));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _clients.Dispose();
        _meter.Dispose();
        _stop.Dispose();
    }
}
