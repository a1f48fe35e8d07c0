using System.Diagnostics.Metrics;
using k8s;

namespace KmsOperator.Kubernetes;

/// <summary>Finds the API server and the credentials, by the Kubernetes client library.</summary>
internal static class ClusterConnection
{
    public static KubernetesApi Open(string userAgent, TimeProvider time, string? kubeconfig, string? context, Meter? meter)
    {
        var configuration = kubeconfig is not null || context is not null
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig, context)
            : KubernetesClientConfiguration.IsInCluster()
                ? KubernetesClientConfiguration.InClusterConfig()
                : KubernetesClientConfiguration.BuildDefaultConfig();
        // We set deadlines ourselves. The library's deadline would end watches.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.FirstMessageHandlerSetup = Tune;
        // Nobody disposes this object itself: its HttpClient is what needs disposing, and KubernetesApi does that.
        var client = new k8s.Kubernetes(configuration);
        return new KubernetesApi(
            client.HttpClient,
            client.BaseUri,
            (request, cancellationToken) => client.Credentials?.ProcessHttpRequestAsync(request, cancellationToken) ?? Task.CompletedTask,
            userAgent,
            time,
            meter);
    }

    /// <summary>Makes a dead connection fail within 45 s, also on a quiet watch. client-go has the same values.</summary>
    private static void Tune(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        handler.EnableMultipleHttp2Connections = true;
    }
}
