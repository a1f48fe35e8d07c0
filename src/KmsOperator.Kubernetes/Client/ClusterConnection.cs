using System.Diagnostics.Metrics;
using k8s;
using k8s.Exceptions;

namespace KmsOperator.Kubernetes;

/// <summary>Finds the API server and the credentials, by the Kubernetes client library.</summary>
internal static class ClusterConnection
{
    public static KubernetesApi Open(string userAgent, TimeProvider time, string? kubeconfig, string? context, Meter? meter)
    {
        var configuration = kubeconfig is not null || context is not null
            ? OfFiles(kubeconfig, context)
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

    private static KubernetesClientConfiguration OfFiles(string? kubeconfig, string? context)
    {
        var paths = (kubeconfig ?? KubernetesClientConfiguration.KubeConfigDefaultLocation).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (context is null)
        {
            return paths is [var only] ? KubernetesClientConfiguration.BuildConfigFromConfigFile(only) : KubernetesClientConfiguration.BuildDefaultConfig();
        }

        // Of several files, kubectl too takes those that are there.
        var contexts = paths.Where(path => paths.Length == 1 || File.Exists(path))
            .SelectMany(path => (KubernetesClientConfiguration.LoadKubeConfig(path)?.Contexts ?? []).Select(one => (one.Name, Path: path))).ToArray();
        return contexts.FirstOrDefault(one => one.Name == context).Path is { } holder
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(holder, context)
            : throw new KubeConfigException(
                $"there is no context {context}; there {(contexts.Length == 0 ? "is none" : $"is {string.Join(", ", contexts.Select(one => one.Name).Order(StringComparer.Ordinal).Take(20))}")}");
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
