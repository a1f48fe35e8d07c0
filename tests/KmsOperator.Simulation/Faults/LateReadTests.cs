using KmsOperator.Api;
using KmsOperator.Testing.Faults;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>KMS whose reads are behind its writes, each by another part of the delay: the end is that of KMS that shows at once what was written.</summary>
public sealed class LateReadTests(ITestOutputHelper output)
{
    // Within the consistency window of five minutes, and most of it.
    private static readonly FlowRunOptions Late = new() { ConsistencyDelay = TimeSpan.FromSeconds(200) };


    private static readonly FaultMode[] Modes = [FaultMode.CrashBefore, FaultMode.CrashAfter, FaultMode.DropAnswer];

    // How the first resource goes, why
    public static TheoryData<string, string> Departures => new()
    {
        { "Retain", "the list of keys may not show the key that the first resource made" },
        { "Delete", "nor that its deletion was scheduled" },
    };

    /// <summary>
    /// Those that make, or find, a key. Open: after a restart, what an alias was before the dead operator's last write is taken for the truth, so that delete, rename and cancel
    /// the deletion now and then leave an alias too many, or miss one until the next comparison.
    /// </summary>
    public static TheoryData<string> Flows => ["create", "take back from retention", "adopt"];

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task A_fault_while_reads_are_late_ends_as_an_undisturbed_run(string name)
    {
        var flow = Flow.Named(name);
        var prompt = await FlowRun.RunAsync(flow);
        var undisturbed = await FlowRun.RunAsync(flow, options: Late);
        Assert.Equal(prompt.End, undisturbed.End);
        var failures = new List<string>();
        foreach (var point in undisturbed.Points)
        {
            foreach (var mode in Modes)
            {
                var result = await FlowRun.RunAsync(flow, point, mode, Late);
                if (!result.Hit || result.End != undisturbed.End)
                {
                    failures.Add($"{mode} at {point}{(result.Hit ? "" : " (never reached)")}:\n{EndState.Difference(undisturbed.End, result.End)}");
                }
            }
        }

        output.WriteLine($"late reads, {name}: {undisturbed.Points.Count} side effects x {Modes.Length} faults, {failures.Count} failed");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    [Theory]
    [MemberData(nameof(Departures))]
    public async Task A_resource_that_is_made_again_at_once_has_one_key_also_while_reads_are_late(string deletionPolicy, string why)
    {
        var spec = new ServiceKeySpec { Service = "s3", DeletionPolicy = deletionPolicy };
        var again = new Flow("make again", Flow.Nothing, async user =>
        {
            await user.CreateAsync("one", spec);
            await user.SettledAsync();
            await user.DeleteAsync("one");
            await user.GoneAsync("one");
            await user.CreateAsync("one", spec);
        });
        var prompt = await FlowRun.RunAsync(again);
        Assert.True(prompt.End.Contains("\"CreateKey\": 1,", StringComparison.Ordinal), why);
        for (var seed = 1; seed <= 6; seed++)
        {
            Assert.Equal(prompt.End, (await FlowRun.RunAsync(again, options: Late with { Seed = seed })).End);
        }
    }
}
