using System.Diagnostics.Metrics;
using System.Reflection;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Puts the operator together and runs it. The only place that knows all parts.</summary>
internal static class OperatorHost
{
    private const string DefaultNamespace = "kms-operator-system";
    private const string ServiceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

    /// <summary>Runs until cancelled; what is in hand then has 30 seconds to finish.</summary>
    /// <param name="options">What the command line said.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="cancellationToken">Ends the operator.</param>
    /// <returns>0 after a stop that was asked for; 1 when leadership was lost or the start failed.</returns>
    public static async Task<int> RunAsync(OperatorOptions options, Func<string, string?> environment, CancellationToken cancellationToken)
    {
        using var loggers = OperatorLogging.Create(options.LogFormat);
        var logger = loggers.CreateLogger("kms-operator");
        var time = TimeProvider.System;
#pragma warning disable RS0030 // The one place where randomness enters.
        var random = Random.Shared;
        NewAttemptId newAttemptId = () => Guid.NewGuid().ToString("N");
        var instance = $"{Environment.MachineName}_{Guid.NewGuid():N}";
#pragma warning restore RS0030
        try
        {
            WebIdentity.Register();
            using var meter = new Meter("kms-operator");
            using var endpoint = options.MetricsAddress == ListenAddress.Nowhere ? null : MetricsEndpoint.Start(options.MetricsAddress, meter);
            using var api = KubernetesApi.Connect($"kms-operator/{Version}", time, meter: meter);
            var clusterId = options.ClusterId ?? await FindClusterIdAsync(api, cancellationToken);
            var settings = new OperatorSettings(clusterId, options.DriftPeriod, options.ConsistencyWindow, options.DeletionGuard);
            logger.LogInformation("kms-operator {Version}, cluster id {ClusterId}", Version, clusterId);

            using var clients = new AwsClients(
                RoleSessionName.ForCluster(clusterId), new RequestBudget(options.QuotaShare, time), metrics: new RequestMetrics(meter), time: time);
            var host = new OperatorParts(api, clients, settings, options, time, random, newAttemptId, instance, new OperatorMetrics(meter, Version), loggers);
            if (!options.LeaderElect)
            {
                await host.RunAsync(host.RunControllersAsync, cancellationToken);
                return ExitCodes.Success;
            }

            var lease = new LeaderLease(
                api, new ResourceKey(FindNamespace(environment), options.LeaderElectionId), instance, new LeaderLeaseOptions(), time, random, loggers.CreateLogger<LeaderLease>());
            meter.CreateObservableGauge(
                "leader_election_master_status",
                () => new Measurement<int>(lease.IsLeader ? 1 : 0, new KeyValuePair<string, object?>("name", options.LeaderElectionId)),
                null,
                "1 while this instance leads.");
            await host.RunAsync(stop => lease.RunAsync(host.RunControllersAsync, stop), cancellationToken);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (LeaseLostException e)
        {
            logger.LogError("{Message} Another instance may lead now, so this one ends.", e.Message);
            return ExitCodes.Failure;
        }
        catch (Exception e)
        {
            logger.LogCritical(e, "The operator cannot go on: {Message}", e.Message);
            return ExitCodes.Failure;
        }
    }

    private static string Version =>
        typeof(OperatorHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static async Task<string> FindClusterIdAsync(KubernetesApi api, CancellationToken cancellationToken) =>
        (await api.GetAsync(BuiltInTypes.Namespaces, new ResourceKey("", "kube-system"), cancellationToken))?.Metadata.Uid
        ?? throw new InvalidOperationException("There is no namespace kube-system to take the cluster id from; give --cluster-id.");

    private static string FindNamespace(Func<string, string?> environment) =>
        environment("POD_NAMESPACE") is { Length: > 0 } name ? name
        : File.Exists(ServiceAccountNamespace) ? File.ReadAllText(ServiceAccountNamespace).Trim()
        : DefaultNamespace;
}
