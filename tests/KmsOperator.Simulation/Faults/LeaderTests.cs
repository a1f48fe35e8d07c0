using KmsOperator.Kubernetes;
using KmsOperator.Testing.Faults;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>
/// Two operators with a lease, of which the leader dies before or after a side effect, without giving the lease back: the one that
/// waits takes over when it expires and ends where an undisturbed run does. Its caches have followed all the time, so it knows what a
/// restarted operator does not, and remembers nothing that the dead one did. The same with two that share the work.
/// </summary>
public sealed class LeaderTests(ITestOutputHelper output)
{
    // Renewed more seldom than as shipped, since each renewal costs the test time.
    private static readonly FlowRunOptions WithLease = new()
    {
        Lease = new LeaderLeaseOptions { LeaseDuration = TimeSpan.FromSeconds(60), RenewDeadline = TimeSpan.FromSeconds(40), RetryPeriod = TimeSpan.FromSeconds(10) },
    };

    // With two shards, each operator has one. That of us-east-1, where the flows begin, is the first one's, and other Regions are in both.
    private static readonly FlowRunOptions WithShards = new()
    {
        Lease = WithLease.Lease! with { FreshRenewal = TimeSpan.FromSeconds(20) },
        Shards = 2,
    };

    /// <summary>Each side effect that any flow has, in the first flow that has it: the matrix has the others with a restart in place of a successor.</summary>
    [Theory]
    [InlineData(FaultMode.CrashBefore)]
    [InlineData(FaultMode.CrashAfter)]
    public Task A_leader_that_dies_at_any_side_effect_is_succeeded_without_loss(FaultMode mode) => DieAsync(mode, WithLease);

    [Fact]
    public Task An_operator_that_shares_the_work_and_dies_after_any_side_effect_is_succeeded_without_loss() => DieAsync(FaultMode.CrashAfter, WithShards);

    [Fact]
    public async Task Two_operators_at_once_without_a_lease_end_as_one()
    {
        foreach (var flow in Flow.All)
        {
            var alone = await FlowRun.RunAsync(flow);
            var together = await FlowRun.RunAsync(flow, options: new FlowRunOptions { HasRival = true });
            Assert.True(alone.End == together.End, $"{flow}:\n{EndState.Difference(alone.End, together.End)}");
        }
    }

    private async Task DieAsync(FaultMode mode, FlowRunOptions options)
    {
        var failures = new List<string>();
        var points = new HashSet<FaultPoint>();
        foreach (var flow in Flow.All)
        {
            var undisturbed = await FlowRun.RunAsync(flow, options: options);
            foreach (var point in undisturbed.Points.Where(points.Add))
            {
                var result = await FlowRun.RunAsync(flow, point, mode, options);
                if (!result.Hit || result.End != undisturbed.End)
                {
                    failures.Add($"{flow}, leader dead at {point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(undisturbed.End, result.End)}");
                }
            }
        }

        output.WriteLine($"leader killed {(mode == FaultMode.CrashBefore ? "before" : "after")}: {points.Count} side effects, {failures.Count} failed");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }
}
