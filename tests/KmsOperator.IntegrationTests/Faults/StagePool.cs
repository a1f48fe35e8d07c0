using System.Collections.Concurrent;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Stages, given to one run each at a time.</summary>
internal sealed class StagePool : IAsyncDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentBag<Stage> _idle = [];
    private readonly List<Stage> _stages = [];

    private StagePool(int count) => _free = new SemaphoreSlim(count);

    /// <summary>Where some simulator of the pool is.</summary>
    public string AnySimulatorUrl => _stages[0].SimulatorUrl;

    /// <summary>Sets the stages up.</summary>
    /// <param name="cluster">The API server.</param>
    /// <param name="name">How the names of their classes begin.</param>
    /// <param name="count">How many.</param>
    public static async Task<StagePool> StartAsync(Cluster cluster, string name, int count)
    {
        var pool = new StagePool(count);
        for (var i = 0; i < count; i++)
        {
            var stage = await Stage.StartAsync(cluster, $"{name}-{i}");
            pool._stages.Add(stage);
            pool._idle.Add(stage);
        }

        return pool;
    }

    /// <summary>Gives a free stage to one run.</summary>
    public async Task<string> UseAsync(Func<Stage, Task<string>> run)
    {
        await _free.WaitAsync();
        _idle.TryTake(out var stage);
        try
        {
            return await run(stage!);
        }
        finally
        {
            _idle.Add(stage!);
            _free.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stage in _stages)
        {
            await stage.DisposeAsync();
        }

        _free.Dispose();
    }
}
