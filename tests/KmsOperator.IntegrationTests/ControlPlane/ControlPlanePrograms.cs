namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Finds the directory with etcd, kube-apiserver and kubectl.</summary>
internal static class ControlPlanePrograms
{
    public static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets
            && File.Exists(Path.Combine(assets, "kube-apiserver")))
            return assets;
        var script = Path.Combine(Repository.Root, "hack", "control-plane.sh");
        var result = await Command.RunAsync("bash", [script]);
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"hack/control-plane.sh failed: {result.Error.TrimEnd().Split('\n')[^1]}");
        return result.Output.Trim();
    }
}
