using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Exceptions;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Finds the API server and the credentials, by the Kubernetes client library. The library's client itself is not used: it holds the JSON code of all kinds of
/// Kubernetes, which was a quarter of the native executable's code and 30 % of an idle operator's memory (docs/performance.md).
/// </summary>
internal static class ClusterConnection
{
    public static KubernetesApi Open(string userAgent, TimeProvider time, string? kubeconfig, string? context, Meter? meter)
    {
        var configuration = kubeconfig is not null || context is not null
            ? OfFiles(kubeconfig, context)
            : KubernetesClientConfiguration.IsInCluster()
                ? KubernetesClientConfiguration.InClusterConfig()
                : KubernetesClientConfiguration.BuildDefaultConfig();
        var serverName = string.IsNullOrEmpty(configuration.TlsServerName) ? null : configuration.TlsServerName;
        var credentials = k8s.Kubernetes.CreateCredentials(configuration);

        // We set deadlines ourselves. HttpClient's would end watches.
        var client = new HttpClient(NewHandler(configuration)) { Timeout = Timeout.InfiniteTimeSpan };
        return new KubernetesApi(
            client,
            new Uri(configuration.Host.TrimEnd('/') + "/"),
            (request, cancellationToken) =>
            {
                // The handler takes the name that the server's certificate must have from here.
                request.Headers.Host = serverName;
                return credentials?.ProcessHttpRequestAsync(request, cancellationToken) ?? Task.CompletedTask;
            },
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

    /// <summary>Checks the server as the kubeconfig says. A dead connection fails within 45 s, also on a quiet watch; client-go has the same values.</summary>
    private static SocketsHttpHandler NewHandler(KubernetesClientConfiguration configuration)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            EnableMultipleHttp2Connections = true,
        };
        var tls = handler.SslOptions;
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The kubeconfig says so: insecure-skip-tls-verify.
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { } authorities)
        {
            // The library's check does not look at the name, and has .NET build a chain with the system's authorities first.
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy.ExtraStore.AddRange(authorities);
            tls.RemoteCertificateValidationCallback = (_, _, chain, errors) =>
                errors == SslPolicyErrors.None || (errors == SslPolicyErrors.RemoteCertificateChainErrors && chain is not null && EndsIn(chain, authorities));
        }

        if (FindCertificate(configuration) is { } certificate)
        {
            tls.ClientCertificates = [certificate];
        }

        return handler;
    }

    /// <summary>
    /// Whether nothing is wrong with a chain but that it ends before a root, in a certificate of the kubeconfig. An authority there may itself be signed by
    /// another one; client-go trusts it all the same.
    /// </summary>
    private static bool EndsIn(X509Chain chain, X509Certificate2Collection authorities) =>
        chain.ChainStatus.All(one => one.Status == X509ChainStatusFlags.PartialChain)
        && authorities.Any(one => one.RawDataMemory.Span.SequenceEqual(chain.ChainElements[^1].Certificate.RawDataMemory.Span));

    /// <summary>The client's certificate with its key: PEM in base64, or files of PEM; what is written in the kubeconfig itself comes first.</summary>
    private static X509Certificate2? FindCertificate(KubernetesClientConfiguration configuration)
    {
        var certificate = Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath);
        var key = Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath);
        return certificate is null || key is null ? null : X509Certificate2.CreateFromPem(certificate, key);

        static string? Pem(string? data, string? file) =>
            !string.IsNullOrWhiteSpace(data) ? Encoding.ASCII.GetString(Convert.FromBase64String(data))
            : !string.IsNullOrWhiteSpace(file) ? File.ReadAllText(file)
            : null;
    }
}
