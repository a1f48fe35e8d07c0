using System.Collections.Concurrent;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>One life of the operator, in this process: everything but the command line and the lease.</summary>
internal sealed class OperatorInstance : IAsyncDisposable
{
    // Long enough that KMS's transitions end within it, short enough to wait for it in every run.
    private static readonly TimeSpan ConsistencyWindow = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly AwsClients _clients;
    private readonly Task _run;

    private OperatorInstance(AwsClients clients, OperatorParts parts)
    {
        _clients = clients;
        _run = parts.RunAsync(parts.RunControllersAsync, _stop.Token);
    }

    public static OperatorInstance Start(
        IKubernetesApi api, string @namespace, string className, Uri simulator, FaultPlan plan, ConcurrentDictionary<string, int> effects)
    {
        var clients = new AwsClients("matrix", budget: null, transport => new FaultyTransport(transport, plan, simulator, effects));
        var settings = new OperatorSettings("matrix", TimeSpan.FromHours(10), ConsistencyWindow, TimeSpan.FromDays(7));
        var options = new OperatorOptions { Workers = 4, WatchNamespaces = [@namespace], HealthAddress = ListenAddress.Nowhere };
#pragma warning disable RS0030 // What two runs have in common is compared, not what is random in them.
        var random = Random.Shared;
        NewAttemptId newAttemptId = () => Guid.NewGuid().ToString("N");
#pragma warning restore RS0030
        return new OperatorInstance(clients, new OperatorParts(
            new FaultyApi(api, plan, className), clients, settings, options, TimeProvider.System, random, newAttemptId, "matrix", NullLoggerFactory.Instance));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _clients.Dispose();
        _stop.Dispose();
    }
}
