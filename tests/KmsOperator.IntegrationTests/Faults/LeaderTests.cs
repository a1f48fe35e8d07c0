using System.Collections.Concurrent;
using KmsOperator.Kubernetes;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// Two operators with a lease, of which the leader dies before or after a side effect, without giving the lease back: the one that
/// waits takes over when it expires and ends where an undisturbed run does. Its caches have followed all the time, so it knows what a
/// restarted operator does not, and remembers nothing that the dead one did.
/// </summary>
[Collection("fault stages")]
public sealed class LeaderTests(FaultStages stages, ITestOutputHelper output)
{
    private const int Tries = 3;

    // Short, since every run waits for it; long enough to be renewed on a busy machine.
    private static readonly LeaderLeaseOptions Lease = new()
    {
        LeaseDuration = TimeSpan.FromSeconds(5),
        RenewDeadline = TimeSpan.FromSeconds(4),
        RetryPeriod = TimeSpan.FromMilliseconds(250),
    };

    /// <summary>Each side effect that any flow has, in the first flow that has it: a run takes seconds, and the matrix has the others with a restart in place of a successor.</summary>
    [Theory]
    [InlineData(FaultMode.CrashBefore)]
    [InlineData(FaultMode.CrashAfter)]
    public async Task A_leader_that_dies_at_any_side_effect_is_succeeded_without_loss(FaultMode mode)
    {
        await stages.StartAsync();
        var failures = new ConcurrentQueue<string>();
        var unreached = new ConcurrentQueue<string>();
        var undisturbed = await Task.WhenAll(Flow.All.Select(async flow => (Flow: flow, Run: await stages.UndisturbedAsync(flow))));
        var cases = undisturbed.SelectMany(one => one.Run.Points.Select(point => (one.Flow, one.Run.End, Point: point))).DistinctBy(one => one.Point).ToArray();
        await Parallel.ForEachAsync(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = FaultStages.Count, CancellationToken = TestContext.Current.CancellationToken },
            async (run, _) =>
            {
                RunResult result;
                var tries = 0;
                do
                {
                    result = await stages.UseAsync(stage => stage.RunAsync(run.Flow, run.Point, mode, run.End, lease: Lease));
                }
                while (!result.Hit && result.End == run.End && ++tries < Tries);

                if (result.End != run.End || (!result.Hit && !run.Point.MayVary))
                {
                    failures.Enqueue($"{run.Flow}, leader dead at {run.Point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(run.End, result.End)}");
                }
                else if (!result.Hit)
                {
                    unreached.Enqueue($"{run.Flow}, {run.Point}");
                }
            });
        output.WriteLine(
            $"leader killed {(mode == FaultMode.CrashBefore ? "before" : "after")}: {cases.Length} side effects x 1 fault = {cases.Length} runs, {failures.Count} failed, {unreached.Count} not reached");
        output.WriteLine($"Not reached: {string.Join("; ", unreached)}");
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
    }
}
