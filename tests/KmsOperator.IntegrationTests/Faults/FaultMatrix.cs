using System.Collections.Concurrent;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>The runs of all flows, each side effect with each fault. They are started together, so that no stage is idle while a flow ends.</summary>
internal sealed class FaultMatrix(FaultStages stages)
{
    private const int Tries = 3;

    private readonly ConcurrentDictionary<string, Lazy<Task<MatrixRow>>> _rows = new();

    /// <summary>Starts the runs of some flows; those that were started before go on.</summary>
    public void Start(IEnumerable<Flow> flows, CancellationToken cancellationToken)
    {
        foreach (var flow in flows)
        {
            _ = _rows.GetOrAdd(flow.Name, _ => new Lazy<Task<MatrixRow>>(() => RunAsync(flow, cancellationToken))).Value;
        }
    }

    /// <summary>What the runs of a flow came to, once all have ended.</summary>
    public Task<MatrixRow> RowAsync(string flow) => _rows[flow].Value;

    private async Task<MatrixRow> RunAsync(Flow flow, CancellationToken cancellationToken)
    {
        var undisturbed = await stages.UndisturbedAsync(flow);
        var failures = new ConcurrentQueue<string>();
        var unreached = new ConcurrentQueue<FaultPoint>();
        var cases = undisturbed.Points.SelectMany(point => Enum.GetValues<FaultMode>().Select(mode => (Point: point, Mode: mode))).ToArray();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = FaultStages.Count, CancellationToken = cancellationToken }, async (run, _) =>
        {
            RunResult result;
            var tries = 0;
            do
            {
                result = await stages.UseAsync(stage => stage.RunAsync(flow, run.Point, run.Mode, undisturbed.End));
            }
            while (!result.Hit && result.End == undisturbed.End && ++tries < Tries);

            if (result.End == undisturbed.End && !result.Hit && run.Point.MayVary)
            {
                unreached.Enqueue(run.Point);
            }
            else if (result.End != undisturbed.End || !result.Hit)
            {
                failures.Enqueue($"{run.Mode} at {run.Point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(undisturbed.End, result.End)}");
            }
        });
        return new MatrixRow(undisturbed, cases.Length, [.. failures], [.. unreached]);
    }
}

/// <summary>The runs of one flow.</summary>
/// <param name="Undisturbed">Those without a fault.</param>
/// <param name="Runs">How many had one.</param>
/// <param name="Failures">Those that ended elsewhere, or did not reach a side effect that is in every run.</param>
/// <param name="Unreached">Side effects that a run did not reach, where that may be.</param>
internal sealed record MatrixRow(UndisturbedRuns Undisturbed, int Runs, IReadOnlyList<string> Failures, IReadOnlyList<FaultPoint> Unreached);
