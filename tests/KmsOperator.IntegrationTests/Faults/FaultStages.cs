using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>The stages of flows on a real API server, on a control plane of their own: another operator watches the other one.</summary>
public sealed class FaultStages : IAsyncDisposable
{
    /// <summary>Runs at the same time; most of a run is waiting.</summary>
    internal const int Count = 10;

    private readonly SemaphoreSlim _gate = new(1);
    private Cluster? _cluster;
    private StagePool? _stages;

    /// <summary>The control plane, once started. No operator watches all of it.</summary>
    internal Cluster Cluster => _cluster!;

    /// <summary>Starts everything, once; skips the test where no control plane can be had, or fails with <c>REQUIRE_CLUSTER=1</c>.</summary>
    public async Task StartAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_cluster is not null)
            {
                return;
            }

            try
            {
                _cluster = await LocalCluster.StartAsync();
            }
            catch (Exception e) when (Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") != "1")
            {
                Assert.Skip($"There is no etcd and kube-apiserver: {e.Message}");
            }

            await _cluster!.InstallCrdsAsync();
            _stages = await StagePool.StartAsync(_cluster, "stage", Count);

            // STS is asked for the account only; the KMS clients are sent to their stage's simulator.
            Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL", _stages.AnySimulatorUrl);
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives a free stage to one run.</summary>
    internal Task<string> UseAsync(Func<Stage, Task<string>> run) => _stages!.UseAsync(run);

    public async ValueTask DisposeAsync()
    {
        await (_stages?.DisposeAsync() ?? ValueTask.CompletedTask);

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _gate.Dispose();
    }
}

/// <summary>One after the other: each of them uses all stages.</summary>
[CollectionDefinition("fault stages")]
public sealed class FaultStagesCollection : ICollectionFixture<FaultStages>;
