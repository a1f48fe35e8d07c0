using System.Text.Json;
using Xunit;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>The cluster that <c>KUBECONFIG</c> or <c>~/.kube/config</c> points at. The tests' namespaces are deleted at the end.</summary>
internal class ExistingCluster : Cluster
{
    private const string ServiceAccountPrefix = "system:serviceaccount:";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private int _users;

    protected ExistingCluster(string kubeconfig) => AdminKubeconfig = kubeconfig;

    public override string AdminKubeconfig { get; }

    protected override string KubectlPath => "kubectl";

    public static async Task<Cluster> ConnectAsync()
    {
        // A merge of several files is one file for all that follows.
        var merged = (await Command.RunAsync("kubectl", ["config", "view", "--raw", "--minify", "--flatten"])).EnsureSuccess();
        var path = Path.Combine(Directory.CreateTempSubdirectory("kms-operator-kubeconfig-").FullName, "config");
        await File.WriteAllTextAsync(path, merged);
        var cluster = new ExistingCluster(path);
        await cluster.ReadyAsync(ReadyLimit);
        return cluster;
    }

    /// <summary>Service accounts only: by a token of theirs. Nobody can be made up in a cluster whose CA is another's.</summary>
    public override async Task<string> KubeconfigForAsync(string user, params string[] groups)
    {
        var account = user.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal) ? user[ServiceAccountPrefix.Length..].Split(':') : [];
        if (account.Length != 2)
            Assert.Skip($"This cluster cannot be used as '{user}'.");
        var token = (await KubectlAsync("create", "token", account[1], $"--namespace={account[0]}", "--duration=2h")).EnsureSuccess().Trim();
        var view = (await KubectlAsync("config", "view", "--raw", "--minify", "--flatten", "-o", "json")).EnsureSuccess();
        using var json = JsonDocument.Parse(view);
        var cluster = json.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
        var path = Path.Combine(Files, $"user-{Interlocked.Increment(ref _users)}.kubeconfig");
        await File.WriteAllTextAsync(path, Kubeconfig.WithToken(
            new Uri(cluster.GetProperty("server").GetString()!), cluster.GetProperty("certificate-authority-data").GetString()!, token));
        return path;
    }

    public override async ValueTask DisposeAsync()
    {
        await DeleteNamespacesAsync();
        File.Delete(AdminKubeconfig);
        await base.DisposeAsync();
    }
}
