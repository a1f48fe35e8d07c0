using System.Collections.Concurrent;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// Every side effect of every flow, on AWS and on Kubernetes, hit by every fault: whatever happens, the end is that of an
/// undisturbed run. The points come from an undisturbed run, so that a new step is in the matrix by itself.
/// </summary>
public sealed class FaultMatrixTests(FaultStages stages, ITestOutputHelper output) : IClassFixture<FaultStages>
{
    private const int Tries = 3;

    public static TheoryData<string> Flows => [.. Flow.All.Select(flow => flow.Name)];

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task Every_fault_at_every_side_effect_ends_as_an_undisturbed_run(string name)
    {
        var flow = Flow.All.Single(flow => flow.Name == name);
        await stages.StartAsync();
        var undisturbed = await stages.UseAsync(stage => stage.RunAsync(flow, null, default, null));
        Assert.NotEmpty(undisturbed.Points);

        var failures = new ConcurrentQueue<string>();
        var cases = undisturbed.Points.SelectMany(point => Enum.GetValues<FaultMode>().Select(mode => (Point: point, Mode: mode))).ToArray();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = FaultStages.Count, CancellationToken = TestContext.Current.CancellationToken }, async (run, _) =>
        {
            RunResult result;
            var tries = 0;
            do
            {
                // Two workers may coalesce their writes, so that a late point is not reached in every run.
                result = await stages.UseAsync(stage => stage.RunAsync(flow, run.Point, run.Mode, undisturbed.End));
            }
            while (!result.Hit && ++tries < Tries);

            if (result.End != undisturbed.End || !result.Hit)
            {
                failures.Enqueue($"{run.Mode} at {run.Point}{(result.Hit ? "" : " (never reached)")}:\n{Difference(undisturbed.End, result.End)}");
            }
        });
        output.WriteLine($"{name}: {undisturbed.Points.Count} side effects x {Enum.GetValues<FaultMode>().Length} faults = {cases.Length} runs, {failures.Count} failed");
        output.WriteLine(string.Join(", ", undisturbed.Points));
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
    }

    private static string Difference(string expected, string actual)
    {
        var wanted = expected.Split('\n');
        var got = actual.Split('\n');
        return string.Join('\n', [.. wanted.Except(got).Select(line => $"- {line}"), .. got.Except(wanted).Select(line => $"+ {line}")]);
    }
}
