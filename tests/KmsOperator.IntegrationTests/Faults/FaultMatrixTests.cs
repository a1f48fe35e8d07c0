using System.Collections.Concurrent;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// Every side effect of every flow, on AWS and on Kubernetes, hit by every fault: whatever happens, the end is that of an
/// undisturbed run. The points come from an undisturbed run, so that a new step is in the matrix by itself.
/// </summary>
[Collection("fault stages")]
public sealed class FaultMatrixTests(FaultStages stages, ITestOutputHelper output)
{
    private const int Tries = 3;

    /// <summary>All flows; <c>FAULT_FLOWS</c>, names separated by commas, picks some while one works on them.</summary>
    public static TheoryData<string> Flows => Environment.GetEnvironmentVariable("FAULT_FLOWS") is { Length: > 0 } names
        ? [.. names.Split(',')]
        : [.. Flow.All.Select(flow => flow.Name)];

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task Every_fault_at_every_side_effect_ends_as_an_undisturbed_run(string name)
    {
        var flow = Flow.All.Single(flow => flow.Name == name);
        await stages.StartAsync();
        var undisturbed = await stages.UseAsync(stage => stage.RunAsync(flow, null, default, null));
        var again = await Task.WhenAll(Enumerable.Range(0, Tries).Select(_ => stages.UseAsync(stage => stage.RunAsync(flow, null, default, undisturbed.End))));
        Assert.All(again, run => Assert.Equal(undisturbed.End, run.End));

        // Two workers may merge their status writes, so that the last ones of a run are not in every run.
        var points = again.Aggregate(undisturbed.Points, (common, run) => [.. common.Intersect(run.Points)]);
        Assert.NotEmpty(points);

        var failures = new ConcurrentQueue<string>();
        var merged = new ConcurrentQueue<FaultPoint>();
        var cases = points.SelectMany(point => Enum.GetValues<FaultMode>().Select(mode => (Point: point, Mode: mode))).ToArray();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = FaultStages.Count, CancellationToken = TestContext.Current.CancellationToken }, async (run, _) =>
        {
            RunResult result;
            var tries = 0;
            do
            {
                result = await stages.UseAsync(stage => stage.RunAsync(flow, run.Point, run.Mode, undisturbed.End));
            }
            while (!result.Hit && ++tries < Tries);

            if (result.End == undisturbed.End && !result.Hit && run.Point.Request.EndsWith("/status", StringComparison.Ordinal))
            {
                merged.Enqueue(run.Point);
            }
            else if (result.End != undisturbed.End || !result.Hit)
            {
                failures.Enqueue($"{run.Mode} at {run.Point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(undisturbed.End, result.End)}");
            }
        });
        output.WriteLine($"{name}: {points.Count} side effects x {Enum.GetValues<FaultMode>().Length} faults = {cases.Length} runs, {failures.Count} failed, {merged.Count} not reached");
        output.WriteLine(string.Join(", ", points));
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
        Assert.True(merged.Count * 20 <= cases.Length, $"More than one run in twenty did not reach its point: {string.Join(", ", merged)}");
    }
}
