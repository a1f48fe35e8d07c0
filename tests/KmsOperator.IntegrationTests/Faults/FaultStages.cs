using System.Collections.Concurrent;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>The stages of the matrix, on a control plane of their own: another operator watches the other one.</summary>
public sealed class FaultStages : IAsyncDisposable
{
    /// <summary>Runs at the same time; most of a run is waiting.</summary>
    internal const int Count = 10;

    /// <summary>Of these, on stages whose KMS shows what was written late.</summary>
    internal const int LateCount = 6;

    // Within the consistency window of the stages' operators, a second, and most of it.
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(700);

    // Of each flow, to see what all of its runs have in common.
    private const int Repeats = 3;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<string, Lazy<Task<UndisturbedRuns>>> _undisturbed = new();
    private Cluster? _cluster;
    private StagePool? _prompt;
    private StagePool? _late;

    public FaultStages() => Matrix = new FaultMatrix(this);

    /// <summary>The runs of the fault matrix.</summary>
    internal FaultMatrix Matrix { get; }

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

            (await _cluster!.KubectlAsync("apply", "--validate=false", "-k", Path.Combine(Repository.Root, "config", "crds"))).EnsureSuccess();
            (await _cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")).EnsureSuccess();
            await Eventually.TrueAsync(
                async () => (await _cluster.KubectlAsync("get", "keyclasses,servicekeys,keyreplicas", "-A")).ExitCode == 0, () => "The new kinds are not served.");
            _prompt = await StagePool.StartAsync(_cluster, "stage", Count);
            _late = await StagePool.StartAsync(_cluster, "late", LateCount, Delay);

            // STS is asked for the account only; the KMS clients are sent to their stage's simulator.
            Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL", _prompt.AnySimulatorUrl);
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives a free stage to one run.</summary>
    internal Task<RunResult> UseAsync(Func<Stage, Task<RunResult>> run) => _prompt!.UseAsync(run);

    /// <summary>Gives a free stage to one run, whose KMS is late.</summary>
    internal Task<RunResult> UseLateAsync(Func<Stage, Task<RunResult>> run) => _late!.UseAsync(run);

    /// <summary>What a flow comes to without faults, from several runs; they are made once, for all tests.</summary>
    internal Task<UndisturbedRuns> UndisturbedAsync(Flow flow) =>
        _undisturbed.GetOrAdd(flow.Name, _ => new Lazy<Task<UndisturbedRuns>>(() => RunUndisturbedAsync(flow))).Value;

    private async Task<UndisturbedRuns> RunUndisturbedAsync(Flow flow)
    {
        var first = await UseAsync(stage => stage.RunAsync(flow, null, default, null));
        var again = await Task.WhenAll(Enumerable.Range(0, Repeats).Select(_ => UseAsync(stage => stage.RunAsync(flow, null, default, first.End))));
        Assert.All(again, run => Assert.Equal(first.End, run.End));
        RunResult[] all = [first, .. again];
        var common = first.Points.Where(point => all.All(run => run.Points.Contains(point))).ToArray();
        FaultPoint[] dropped = [.. all.SelectMany(run => run.Points).Distinct().Except(common)];
        Assert.True(
            dropped.All(point => point.MayVary),
            $"{flow}: not in each of {all.Length} undisturbed runs: {string.Join(", ", dropped.Where(point => !point.MayVary))}. "
            + string.Join(" | ", all.Select(run => string.Join(", ", run.Points))));
        return new UndisturbedRuns(first.End, common, dropped);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in new[] { _prompt, _late })
        {
            await (pool?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

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
