using System.Security.Cryptography;
using Xunit;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>
/// etcd and an API server on 127.0.0.1, with a CA of their own. No nodes, and no controllers unless a test asks for them. The API server is
/// kube-apiserver, or crd-front before a kube-apiserver of its own where <c>hack/control-plane.sh</c> gives that.
/// </summary>
internal sealed class LocalCluster : Cluster
{
    private const string FrontProxy = "front-proxy";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly CertificateAuthority _authority = new();
    private readonly SemaphoreSlim _controllersGate = new(1);
    private readonly string _programs;
    private readonly Uri _server;
    private readonly bool _hasFront;
    private readonly List<ServerProcess> _processes = [];
    private bool _controllersStarted;
    private int _users;

    private LocalCluster(string programs)
    {
        _programs = programs;
        _hasFront = File.Exists(Path.Combine(programs, "crd-front"));
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
            // Until 1.23 there was a plain port as well, open to the network. The program is of the version of the core server.
            if (CoreMinor < 24)
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
        var certificate = Write("serving.crt", serving.CertificatePem);
        var key = Write("serving.key", serving.KeyPem);
        var authority = Write("ca.crt", _authority.CertificatePem);
        using var signing = RSA.Create(2048);
        var signingKey = Write("service-account.key", signing.ExportPkcs8PrivateKeyPem());
        string[] audit = auditLog is null ? [] :
        [
            $"--audit-log-path={auditLog}",
            $"--audit-policy-file={Write("audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]")}",
        ];
        var core = _hasFront ? new Uri($"https://127.0.0.1:{LoopbackPort.Free()}") : _server;
        var apiserver = await StartAsync(
            Path.Combine(_programs, "kube-apiserver"),
            [
                $"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                $"--secure-port={core.Port}",
                $"--cert-dir={Path.Combine(Files, "apiserver")}",
                $"--tls-cert-file={certificate}",
                $"--tls-private-key-file={key}",
                $"--client-ca-file={authority}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.0.0.0/24",
                $"--service-account-issuer={_server.AbsoluteUri}",
                $"--service-account-key-file={signingKey}",
                $"--service-account-signing-key-file={signingKey}",
                // Nobody makes the service accounts' secrets here.
                "--disable-admission-plugins=ServiceAccount",
                .. _hasFront ? FrontProxyArguments(authority) : audit,
            ]);
        if (!_hasFront)
        {
            await ReadyAsync(apiserver);
            return;
        }

        var coreKubeconfig = Write("front-proxy.kubeconfig", Kubeconfig.WithCertificate(
            core, _authority.CertificatePem, _authority.IssueUser(FrontProxy, ["system:masters"])));
        CoreMinor = (await ReadyAsync(apiserver, coreKubeconfig)).Minor;
        await ReadyAsync(await StartAsync(
            Path.Combine(_programs, "crd-front"),
            [
                $"--etcd-servers={etcd}",
                $"--secure-port={_server.Port}",
                $"--tls-cert-file={certificate}",
                $"--tls-private-key-file={key}",
                $"--client-ca-file={authority}",
                $"--core-kubeconfig={coreKubeconfig}",
                .. audit,
            ]));
    }

    /// <summary>kube-apiserver believes the front who a user is.</summary>
    private static string[] FrontProxyArguments(string authority) =>
    [
        $"--requestheader-client-ca-file={authority}",
        $"--requestheader-allowed-names={FrontProxy}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ];

    private async Task<ServerVersion> ReadyAsync(ServerProcess server, string? kubeconfig = null)
    {
        try
        {
            return await ReadyAsync(StartLimit, kubeconfig);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{server.LastLines}", e);
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
