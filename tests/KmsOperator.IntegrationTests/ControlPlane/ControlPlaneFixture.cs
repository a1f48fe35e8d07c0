using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(ControlPlaneFixture))]

// Most of the time of these tests is waiting for servers, so more of them run at once than there are cores.
[assembly: Parallelization(MaxThreads = 4)]

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>
/// One cluster for all tests: the existing one (<c>USE_EXISTING_CLUSTER=true</c>), else etcd and kube-apiserver as
/// <c>hack/control-plane.sh</c> finds or builds them, else k3s where Docker runs. Without any, the tests that need one are skipped
/// with the reason, or fail where <c>REQUIRE_CLUSTER=1</c>. There a server that evaluates no CEL counts as none, since it takes manifests and CRDs
/// that every current one refuses; <c>OLD_SERVER=1</c> says that one is meant.
/// </summary>
public sealed class ControlPlaneFixture : IAsyncLifetime
{
    private readonly List<string> _reasons = [];
    private Cluster? _cluster;

    /// <summary>The cluster; without one, ends the calling test as skipped or failed.</summary>
    public Cluster Cluster
    {
        get
        {
            if (_cluster is not null)
                return _cluster;
            var reason = $"There is no cluster: {string.Join("; ", _reasons)}";
            if (Required)
                Assert.Fail(reason);
            Assert.Skip(reason);
            throw new InvalidOperationException(reason);
        }
    }

    private static bool Required => Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") == "1";

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("USE_EXISTING_CLUSTER") == "true")
            await TryAsync("the existing cluster", ExistingCluster.ConnectAsync);
        else if (!await TryAsync("etcd and kube-apiserver", LocalCluster.StartAsync))
            await TryAsync("k3s in Docker", K3sCluster.StartAsync);
        if (_cluster is { EvaluatesCel: false } old && Required && Environment.GetEnvironmentVariable("OLD_SERVER") != "1")
        {
            _reasons.Add($"Kubernetes {old.ServerVersion} evaluates no CEL");
            _cluster = null;
            await old.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private async Task<bool> TryAsync(string what, Func<Task<Cluster>> start)
    {
        try
        {
            _cluster = await start();
            return true;
        }
        catch (Exception e)
        {
            // The first line says what; what follows is for a log.
            _reasons.Add($"{what}: {e.Message.Split('\n')[0].Trim()}");
            return false;
        }
    }
}
