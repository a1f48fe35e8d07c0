using System.Security.Cryptography;
using KmsOperator.Kubernetes;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>A real API server, whoever runs it.</summary>
public abstract class Cluster : IAsyncDisposable
{
    private readonly List<string> _namespaces = [];
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-cluster-");
    private readonly Lazy<ClusterClient> _client;

    private readonly Lazy<Task> _crds;

    protected Cluster()
    {
        _client = new(() => ClusterClient.Connect(AdminKubeconfig));
        _crds = new(InstallCrdsNowAsync);
    }

    /// <summary>A kubeconfig that may do everything.</summary>
    public abstract string AdminKubeconfig { get; }

    /// <summary>For example <c>v1.34.0</c>.</summary>
    public string ServerVersion { get; private set; } = "";

    /// <summary>The minor number of <see cref="ServerVersion"/>.</summary>
    public int ServerMinor { get; private set; }

    /// <summary>The minor number of the server that has Kubernetes' own kinds: an older one than <see cref="ServerMinor"/> behind crd-front.</summary>
    public int CoreMinor { get; protected set; }

    /// <summary>Requests with all rights, without kubectl.</summary>
    public ClusterClient Client => _client.Value;

    /// <summary>Whether the server checks the CEL rules of CRDs; older ones drop them.</summary>
    public bool EvaluatesCel => ServerMinor >= 25;

    /// <summary>The kubectl to use.</summary>
    protected abstract string KubectlPath { get; }

    /// <summary>Goes with the cluster object.</summary>
    protected string Files => _files.FullName;

    /// <summary>A kubeconfig of some user in some groups.</summary>
    public abstract Task<string> KubeconfigForAsync(string user, params string[] groups);

    /// <summary>A kubeconfig of a ServiceAccount, with the groups that its tokens have.</summary>
    public Task<string> KubeconfigForServiceAccountAsync(string @namespace, string name) => KubeconfigForAsync(
        $"system:serviceaccount:{@namespace}:{name}", "system:serviceaccounts", $"system:serviceaccounts:{@namespace}", "system:authenticated");

    /// <summary>Makes namespaces and owned objects go when they are deleted, where the cluster does not do so anyway.</summary>
    public virtual Task StartControllersAsync() => Task.CompletedTask;

    /// <summary>A client with all rights; the caller disposes it.</summary>
    public KubernetesApi Connect(string? kubeconfig = null) =>
        KubernetesApi.Connect("kms-operator-tests", TimeProvider.System, kubeconfig ?? AdminKubeconfig);

    /// <summary>Runs kubectl with all rights.</summary>
    public Task<CommandResult> KubectlAsync(params string[] arguments) => KubectlAsync(arguments, null);

    /// <summary>Runs kubectl.</summary>
    /// <param name="arguments">Without <c>--kubeconfig</c>.</param>
    /// <param name="input">For standard input.</param>
    /// <param name="kubeconfig">Whose rights; the administrator's when null.</param>
    public Task<CommandResult> KubectlAsync(IEnumerable<string> arguments, string? input, string? kubeconfig = null) =>
        Command.RunAsync(KubectlPath, [.. arguments, $"--kubeconfig={kubeconfig ?? AdminKubeconfig}"], input);

    /// <summary>Runs a shell script that calls kubectl, with all rights.</summary>
    /// <param name="path">The script.</param>
    public Task<CommandResult> RunScriptAsync(string path)
    {
        var search = Environment.GetEnvironmentVariable("PATH");
        return Command.RunAsync(
            "/usr/bin/env", [$"KUBECONFIG={AdminKubeconfig}", $"PATH={(Path.GetDirectoryName(KubectlPath) is { Length: > 0 } folder ? $"{folder}:{search}" : search)}", "sh", path]);
    }

    /// <summary>Applies manifests: a file, or a directory with all that is in it.</summary>
    public async Task ApplyAsync(string path) =>
        // Server-side: kubectl's own validation refuses CEL rules that an older server does not know.
        (await KubectlAsync("apply", "--server-side", "--force-conflicts", "-f", path)).EnsureSuccess();

    /// <summary>Applies manifests given as text, as <c>kubectl apply --server-side --force-conflicts</c> does.</summary>
    public Task ApplyTextAsync(string yaml) => Client.ApplyAsync(yaml);

    /// <summary>Installs the CRDs, and waits until the API server serves them. Several tests may ask for it at once; it is done once.</summary>
    public Task InstallCrdsAsync() => _crds.Value;

    /// <summary>A namespace for one test alone.</summary>
    public async Task<string> CreateNamespaceAsync(string prefix = "test")
    {
        var name = $"{prefix}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";
        await ApplyTextAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        lock (_namespaces)
            _namespaces.Add(name);
        return name;
    }

    public virtual ValueTask DisposeAsync()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
        _files.Delete(recursive: true);
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes the tests' namespaces out of a cluster that outlives them.</summary>
    protected async Task DeleteNamespacesAsync()
    {
        if (_namespaces.Count > 0)
            await KubectlAsync(["delete", "namespace", "--ignore-not-found", "--wait=false", .. _namespaces], null);
    }

    /// <summary>Waits until the server is ready, and asks for its version; without another kubeconfig, it is this cluster's.</summary>
    protected async Task<ServerVersion> ReadyAsync(TimeSpan limit, string? kubeconfig = null)
    {
        using var client = ClusterClient.Connect(kubeconfig ?? AdminKubeconfig);
        var last = "never asked";
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    var answer = await client.SendAsync(HttpMethod.Get, "/readyz");
                    last = answer.Text;
                    return answer.IsSuccess;
                }
                catch (HttpRequestException e)
                {
                    last = e.Message;
                    return false;
                }
            },
            () => $"The API server is not ready: {last}",
            limit);
        var version = ControlPlane.ServerVersion.Parse((await client.SendAsync(HttpMethod.Get, "/version")).EnsureSuccess().ToJsonString());
        if (kubeconfig is null)
        {
            (ServerVersion, ServerMinor) = (version.Text, version.Minor);
            if (CoreMinor == 0)
                CoreMinor = ServerMinor;
        }

        return version;
    }

    private async Task InstallCrdsNowAsync()
    {
        // Client-side and unchecked: servers before 1.25 refuse CEL rules in a server-side apply, and drop them silently here.
        (await KubectlAsync("apply", "--validate=false", "-k", Path.Combine(Repository.Root, "config", "crds"))).EnsureSuccess();
        (await KubectlAsync(
            "wait", "--for=condition=Established", "--timeout=60s", "crd",
            "keyclasses.kms.servicekey.dev", "servicekeys.kms.servicekey.dev", "keyreplicas.kms.servicekey.dev")).EnsureSuccess();

        // A storage that was just made answers 429 for about a second.
        await Eventually.TrueAsync(
            async () => (await KubectlAsync("get", "keyclasses,servicekeys,keyreplicas", "-A")).ExitCode == 0, () => "The new kinds are not served.");
    }
}
