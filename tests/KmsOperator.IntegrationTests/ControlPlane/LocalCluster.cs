using System.Security.Cryptography;
using Xunit;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>etcd and kube-apiserver on 127.0.0.1, with a CA of their own. No nodes, and no controllers unless a test asks for them.</summary>
internal sealed class LocalCluster : Cluster
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly CertificateAuthority _authority = new();
    private readonly SemaphoreSlim _controllersGate = new(1);
    private readonly string _programs;
    private readonly Uri _server;
    private readonly List<ServerProcess> _processes = [];
    private bool _controllersStarted;
    private int _users;

    private LocalCluster(string programs)
    {
        _programs = programs;
        _server = new Uri($"https://127.0.0.1:{LoopbackPort.Free()}");
        AdminKubeconfig = Write("admin.kubeconfig", Kubeconfig.WithCertificate(
            _server, _authority.CertificatePem, _authority.IssueUser("admin", ["system:masters"])));
    }

    public override string AdminKubeconfig { get; }

    protected override string KubectlPath => Path.Combine(_programs, "kubectl");

    public static Task<Cluster> StartAsync() => StartAsync(auditLog: null);

    /// <param name="auditLog">Where the server writes who asked for what, a JSON line each; null for no such log.</param>
    public static async Task<Cluster> StartAsync(string? auditLog)
    {
        var cluster = new LocalCluster(await ControlPlanePrograms.FindAsync());
        try
        {
            await cluster.StartServersAsync(auditLog);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public override Task<string> KubeconfigForAsync(string user, params string[] groups) => Task.FromResult(Write(
        $"user-{Interlocked.Increment(ref _users)}.kubeconfig",
        Kubeconfig.WithCertificate(_server, _authority.CertificatePem, _authority.IssueUser(user, groups))));

    public override async Task StartControllersAsync()
    {
        await _controllersGate.WaitAsync();
        try
        {
            if (_controllersStarted)
                return;
            var program = Path.Combine(_programs, "kube-controller-manager");
            if (!File.Exists(program))
            {
                var reason = $"There is no kube-controller-manager in {_programs}.";
                if (Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") == "1")
                    Assert.Fail(reason);
                Assert.Skip(reason);
            }

            List<string> arguments =
            [
                $"--kubeconfig={AdminKubeconfig}",
                $"--authentication-kubeconfig={AdminKubeconfig}",
                $"--authorization-kubeconfig={AdminKubeconfig}",
                // The names of before 1.28; the later servers know them as well.
                "--controllers=namespace,garbagecollector",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                $"--secure-port={LoopbackPort.Free()}",
                $"--cert-dir={Path.Combine(Files, "controller-manager")}",
            ];
            // Until 1.23 there was a plain port as well, open to the network.
            if (ServerMinor < 24)
                arguments.Add("--port=0");
            await StartAsync(program, arguments);
            _controllersStarted = true;
        }
        finally
        {
            _controllersGate.Release();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // The last started first: an API server without its etcd would only complain.
        foreach (var process in Enumerable.Reverse(_processes))
            process.Dispose();
        _authority.Dispose();
        _controllersGate.Dispose();
        await base.DisposeAsync();
    }

    private async Task StartServersAsync(string? auditLog)
    {
        var etcd = $"http://127.0.0.1:{LoopbackPort.Free()}";
        var peer = $"http://127.0.0.1:{LoopbackPort.Free()}";
        await StartAsync(
            Path.Combine(_programs, "etcd"),
            [
                $"--data-dir={Path.Combine(Files, "etcd")}",
                $"--listen-client-urls={etcd}",
                $"--advertise-client-urls={etcd}",
                $"--listen-peer-urls={peer}",
                $"--initial-advertise-peer-urls={peer}",
                $"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",
            ]);

        var serving = _authority.IssueServer();
        using var signing = RSA.Create(2048);
        var signingKey = Write("service-account.key", signing.ExportPkcs8PrivateKeyPem());
        var apiserver = await StartAsync(
            Path.Combine(_programs, "kube-apiserver"),
            [
                $"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                $"--secure-port={_server.Port}",
                $"--cert-dir={Path.Combine(Files, "apiserver")}",
                $"--tls-cert-file={Write("serving.crt", serving.CertificatePem)}",
                $"--tls-private-key-file={Write("serving.key", serving.KeyPem)}",
                $"--client-ca-file={Write("ca.crt", _authority.CertificatePem)}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.0.0.0/24",
                $"--service-account-issuer={_server.AbsoluteUri}",
                $"--service-account-key-file={signingKey}",
                $"--service-account-signing-key-file={signingKey}",
                // Nobody makes the service accounts' secrets here.
                "--disable-admission-plugins=ServiceAccount",
                .. auditLog is null ? [] : (string[])
                [
                    $"--audit-log-path={auditLog}",
                    $"--audit-policy-file={Write("audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]")}",
                ],
            ]);
        try
        {
            await ReadyAsync(StartLimit);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{apiserver.LastLines}", e);
        }
    }

    private async Task<ServerProcess> StartAsync(string program, IEnumerable<string> arguments)
    {
        var process = new ServerProcess(program, arguments);
        _processes.Add(process);
        await process.StartedAsync();
        return process;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(Files, name);
        File.WriteAllText(path, text);
        return path;
    }
}
