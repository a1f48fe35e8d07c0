using Testcontainers.K3s;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>k3s in Docker: a whole cluster, with all controllers and CEL.</summary>
internal sealed class K3sCluster : ExistingCluster
{
    private const string Image = "rancher/k3s:v1.34.1-k3s1";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);
    private readonly K3sContainer _container;

    private K3sCluster(K3sContainer container, string kubeconfig)
        : base(kubeconfig) => _container = container;

    public static async Task<Cluster> StartAsync()
    {
        var container = new K3sBuilder(Image).Build();
        await container.StartAsync();
        var path = Path.Combine(Directory.CreateTempSubdirectory("kms-operator-k3s-").FullName, "config");
        await File.WriteAllTextAsync(path, await container.GetKubeconfigAsync());
        var cluster = new K3sCluster(container, path);
        await cluster.ReadyAsync(ReadyLimit);
        return cluster;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _container.DisposeAsync();
    }
}
