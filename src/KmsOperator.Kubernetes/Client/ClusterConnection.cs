using System.Diagnostics.Metrics;
using k8s;

namespace KmsOperator.Kubernetes;

/// <summary>Where the API server is, and who we are to it: the part that the client library does.</summary>
internal static class ClusterConnection
{
    public static KubernetesApi Open(string userAgent, TimeProvider time, string? kubeconfig, Meter? meter)
    {
        var configuration = kubeconfig is not null
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig)
            : KubernetesClientConfiguration.IsInCluster()
                ? KubernetesClientConfiguration.InClusterConfig()
                : KubernetesClientConfiguration.BuildDefaultConfig();
        // Deadlines are ours: the library's would end a watch.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.FirstMessageHandlerSetup = Tune;
        // Not disposed by itself: it lives as long as its HttpClient, which KubernetesApi disposes.
        var client = new k8s.Kubernetes(configuration);
        return new KubernetesApi(
            client.HttpClient,
            client.BaseUri,
            (request, cancellationToken) => client.Credentials?.ProcessHttpRequestAsync(request, cancellationToken) ?? Task.CompletedTask,
            userAgent,
            time,
            meter);
    }

    /// <summary>Notices a peer that has vanished within 45 s, also on a watch where nothing is due; as client-go does.</summary>
    private static void Tune(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        handler.EnableMultipleHttp2Connections = true;
    }
}
