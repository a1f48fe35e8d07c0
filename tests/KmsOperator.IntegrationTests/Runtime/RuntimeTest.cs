using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

/// <summary>A test of the runtime: it has a client of the real server, and a namespace and widgets of its own.</summary>
[Trait(Servers.Trait, Servers.Old)]
public abstract class RuntimeTest(ControlPlaneFixture controlPlane) : IAsyncLifetime
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Where the test runs.</summary>
    protected Cluster Cluster => controlPlane.Cluster;

    /// <summary>A client with all rights.</summary>
    protected KubernetesApi Api { get; private set; } = null!;

    /// <summary>The test's own namespace.</summary>
    protected string Home { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Api = Cluster.Connect();
        Home = await Cluster.CreateNamespaceAsync();
        await Widget.DefineAsync(Cluster);
    }

    public virtual ValueTask DisposeAsync()
    {
        Api?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
