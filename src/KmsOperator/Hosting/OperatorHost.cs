using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Create;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Http;
using KmsOperator.Observability.Logging;
using KmsOperator.Observability.Metrics;
using KmsOperator.Observability.Tracing;
using KmsOperator.Sharding;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace KmsOperator.Hosting;

/// <summary>Puts the operator together and runs it. The only place that knows all parts.</summary>
internal static class OperatorHost
{
    private const string Telemetry = "kms-operator";
    private const string DefaultNamespace = "kms-operator-system";
    private const string ServiceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

    /// <summary>Runs until cancelled; what is in hand then has 30 seconds to finish.</summary>
    /// <param name="options">What the command line said.</param>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="cancellationToken">Ends the operator.</param>
    /// <returns>0 after a stop that was asked for; 1 when leadership was lost or the start failed.</returns>
    public static async Task<int> RunAsync(OperatorOptions options, Func<string, string?> environment, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var loggers = OperatorLogging.Create(options.LogFormat, time);
        var logger = loggers.CreateLogger(Telemetry);
#pragma warning disable RS0030 // The one place where randomness enters.
        var random = Random.Shared;
        NewAttemptId newAttemptId = () => Guid.NewGuid().ToString("N");
        var instance = $"{Environment.MachineName}_{Guid.NewGuid():N}";
#pragma warning restore RS0030
        try
        {
            _ = SystemAuthorities.LoadAsync();
            WebIdentity.Register();
            using var meter = new Meter(Telemetry);
            using var traces = new ActivitySource(Telemetry, Version);

            // Before anything is measured, or series that begin with 0 would begin later.
            using var collected = options.MetricsAddress == ListenAddress.Nowhere ? null : MetricsServer.Collect(meter);
            using var tracing = OperatorTracing.Start(traces, environment, Version, instance);
            using var api = Connect(time, meter);

            // The question for the cluster id opens the connection while the server starts.
            var clusterIdFound = options.ClusterId is { } given ? Task.FromResult(given) : FindClusterIdAsync(api, cancellationToken);
            await using var server = collected is null ? null : await ServeMetricsAsync(options, collected, api, time, loggers, cancellationToken);
            var clusterId = await clusterIdFound;
            var settings = new OperatorSettings(clusterId, options.DriftPeriod, options.ConsistencyWindow, options.DeletionGuard);
            logger.LogInformation("kms-operator {Version}, cluster id {ClusterId}", Version, clusterId);

            var leaseKey = new NamespacedName(FindNamespace(environment), options.LeaderElectionId);
            var election = options.Shards == 1 ? null : new ShardElection(
                api, leaseKey, instance, new ShardMap(options.Shards), new LeaderLeaseOptions(), time, random, loggers.CreateLogger<ShardElection>(), new BootTimeProvider());
            var lease = !options.LeaderElect || election is not null ? null : new LeaderLease(
                api, leaseKey, instance, new LeaderLeaseOptions(), time, random, loggers.CreateLogger<LeaderLease>(), new BootTimeProvider());
            IWriteFence? fence = election is not null ? new ClosedFence() : lease is not null ? new LeaseFence(lease) : null;
            using var clients = new AwsClients(
                RoleSessionName.ForCluster(clusterId), new RequestRateLimiter(options.QuotaShare, time), metrics: new RequestMetrics(meter), time: time,
                fence: fence);

            // Time passes for KMS also while this machine is suspended.
            var host = new OperatorComposition(api, clients, settings, options, new BootTimeProvider(), random, newAttemptId, instance, new OperatorMetrics(meter, Version), loggers, traces, fence, election);
            _ = new IdleCollection(host.Queues, () => host.Listed, () => CollectAll(clients), time).RunAsync(host.WhenListed, cancellationToken);
            if (lease is null && election is null)
            {
                await host.RunAsync(stop => host.RunControllersAsync(stop, CancellationToken.None), cancellationToken);
                return ExitCodes.Success;
            }

            meter.CreateObservableGauge(
                "leader_election_master_status",
                () => (election is null ? [lease!] : election.Leases.Append(election.Common)).Select(one => new Measurement<int>(one.IsLeader ? 1 : 0, new KeyValuePair<string, object?>("name", one.Name))),
                null,
                "1 while this instance leads.");
            if (election is not null)
            {
                await host.RunAsync(host.RunShardsAsync, cancellationToken);
                return ExitCodes.Success;
            }

            await host.RunAsync(stop => lease!.RunAsync(host.RunControllersAsync, stop), cancellationToken);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (LeaseLostException e)
        {
            logger.LogError("{Reason} Another instance may lead now, so this one ends.", e.Message);
            return ExitCodes.Failure;
        }
        catch (StartFailedException e)
        {
            // It says what to change; where in the code it was noticed helps nobody.
            logger.LogCritical("The operator cannot start. {Reason}", e.Message);
            return ExitCodes.Failure;
        }
        catch (Exception e)
        {
            logger.LogCritical(e, "The operator cannot go on: {Reason}", e.Message);
            return ExitCodes.Failure;
        }
    }

    /// <summary>The operator's version, for the server's audit log.</summary>
    internal static string Version =>
        typeof(OperatorHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Connects as <c>run</c> does, or by a kubeconfig that a verb is told.</summary>
    /// <exception cref="StartFailedException">There is no usable configuration.</exception>
    internal static KubernetesApi Connect(TimeProvider time, Meter? meter, string? kubeconfig = null, string? context = null)
    {
        try
        {
            return KubernetesApi.Connect($"kms-operator/{Version}", time, kubeconfig, meter, context);
        }
        catch (Exception e)
        {
            throw new StartFailedException(
                $"There is no usable configuration for an API server{(kubeconfig is null ? "" : $" in {kubeconfig}")}: {(e.GetBaseException() is InvalidCastException ? "it is no kubeconfig" : e.GetBaseException().Message.TrimEnd('.'))}. "
                + (context is null ? "Run in a pod, or set KUBECONFIG to a kubeconfig file." : "--context names a context of the kubeconfig."), e);
        }
    }

    /// <summary>Lets go of what an idle operator does not need, and gives its memory back to the system.</summary>
    private static void CollectAll(AwsClients clients)
    {
        clients.ReleaseIdle(unusedFor: IdleCollection.Period);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static async Task<WebServer> ServeMetricsAsync(
        OperatorOptions options, MeterProvider collected, KubernetesApi api, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger(typeof(MetricsServer));
        var certificate = options is { MetricsTlsCertFile: { } file, MetricsTlsKeyFile: { } key } ? ServerCertificate.Load(file, key, logger) : null;
        var gate = options.MetricsTokenReview ? new MetricsAuthorization(new TokenReviews(api, time, logger)) : null;
        if (gate is not null && certificate is null)
        {
            logger.LogWarning("--metrics-token-review without --metrics-tls-cert-file: tokens come here in the clear");
        }

        return await MetricsServer.StartAsync(options.MetricsAddress, collected, certificate, gate, logger, cancellationToken);
    }

    /// <summary>The cluster id when none is given: the uid of kube-system.</summary>
    /// <exception cref="StartFailedException">It cannot be read.</exception>
    internal static async Task<string> FindClusterIdAsync(KubernetesApi api, CancellationToken cancellationToken)
    {
        const string Way = "kube-system's uid marks this cluster's keys; --cluster-id gives another mark.";
        try
        {
            return (await api.GetAsync(BuiltInTypes.Namespaces, new NamespacedName("", "kube-system"), cancellationToken))?.Metadata.Uid
                ?? throw new StartFailedException($"There is no namespace kube-system. {Way}");
        }
        catch (KubernetesApiException e)
        {
            throw new StartFailedException($"The API server does not show namespace kube-system: {e.Message.TrimEnd('.')}. {Way}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw new StartFailedException($"The API server cannot be reached: {e.Message.TrimEnd('.')}. Is it running? KUBECONFIG, or --context of a verb, names another one.", e);
        }
    }

    private static string FindNamespace(Func<string, string?> environment) =>
        environment("POD_NAMESPACE") is { Length: > 0 } name ? name
        : File.Exists(ServiceAccountNamespace) ? File.ReadAllText(ServiceAccountNamespace).Trim()
        : DefaultNamespace;
}
