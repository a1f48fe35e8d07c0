using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// The Prometheus operator's kinds on the test server: the fields that the chart may write and no others (<c>Fixtures/monitoring-crds.yaml</c>), after that project's API reference.
/// </summary>
public sealed class MonitoringKinds : IDisposable
{
    private static readonly string[] Crds = ["servicemonitors", "podmonitors", "prometheusrules"];

    private readonly SemaphoreSlim _gate = new(1);
    private bool _installed;

    /// <summary>Makes the kinds where they are missing, on first use; a cluster of somebody's is left as it is.</summary>
    public async Task InstallAsync(Cluster cluster)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_installed)
                await MakeAsync(cluster);
            _installed = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    private static async Task MakeAsync(Cluster cluster)
    {
        if (cluster.GetType() == typeof(ExistingCluster))
        {
            if ((await cluster.KubectlAsync(["get", "crd", .. Crds.Select(kind => $"{kind}.monitoring.coreos.com")], null)).ExitCode != 0)
            {
                Assert.Skip("This cluster has no CRDs of the Prometheus operator.");
            }

            return;
        }

        await cluster.ApplyAsync(Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "Chart", "Fixtures", "monitoring-crds.yaml"));

        // kubectl learns fields from what the server publishes, which comes a moment after the kinds.
        foreach (var field in (string[])["servicemonitors.spec.endpoints", "podmonitors.spec.podMetricsEndpoints", "prometheusrules.spec.groups"])
        {
            await Eventually.TrueAsync(
                async () => (await cluster.KubectlAsync("explain", field)).ExitCode == 0, () => $"{field} is not published.");
        }
    }
}
