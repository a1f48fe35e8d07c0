using System.Collections.Concurrent;
using KmsOperator.Api;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>KMS whose reads are behind its writes, each by another part of the delay: the end is that of KMS that shows at once what was written.</summary>
[Collection("fault stages")]
public sealed class LateReadTests(FaultStages stages, ITestOutputHelper output)
{
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
        await stages.StartAsync();
        var undisturbed = await stages.UndisturbedAsync(flow);
        var failures = new ConcurrentQueue<string>();
        var unreached = new ConcurrentQueue<FaultPoint>();
        var cases = undisturbed.Points.SelectMany(point => Modes.Select(mode => (Point: point, Mode: mode))).ToArray();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = FaultStages.LateCount, CancellationToken = TestContext.Current.CancellationToken }, async (run, _) =>
        {
            var result = await stages.UseLateAsync(stage => stage.RunAsync(flow, run.Point, run.Mode, undisturbed.End));
            if (result.End != undisturbed.End)
            {
                failures.Enqueue($"{run.Mode} at {run.Point}:\n{EndState.Difference(undisturbed.End, result.End)}");
            }
            else if (!result.Hit)
            {
                unreached.Enqueue(run.Point);
            }
        });
        output.WriteLine($"late reads, {name}: {undisturbed.Points.Count} side effects x {Modes.Length} faults = {cases.Length} runs, {failures.Count} failed, {unreached.Count} not reached");
        output.WriteLine($"Not reached: {string.Join(", ", unreached)}");
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
        Assert.All(unreached, point => Assert.True(point.MayVary, $"{point} was not reached."));
    }

    [Theory]
    [MemberData(nameof(Departures))]
    public async Task A_resource_that_is_made_again_at_once_has_one_key_also_while_reads_are_late(string deletionPolicy, string why)
    {
        await stages.StartAsync();
        var spec = new ServiceKeySpec { Service = "s3", DeletionPolicy = deletionPolicy };
        var again = new Flow("make again", Flow.Nothing, async stage =>
        {
            await stage.CreateAsync("one", spec);
            await stage.SettledAsync();
            await stage.DeleteAsync("one");
            await stage.GoneAsync("one");
            await stage.CreateAsync("one", spec);
        });
        var prompt = await stages.UseAsync(stage => stage.RunAsync(again, null, default, null));
        Assert.True(prompt.End.Contains("\"CreateKey\": 1,", StringComparison.Ordinal), why);
        var late = await Task.WhenAll(Enumerable.Range(0, FaultStages.LateCount).Select(_ =>
            stages.UseLateAsync(stage => stage.RunAsync(again, null, default, prompt.End))));
        Assert.All(late, run => Assert.Equal(prompt.End, run.End));
    }
}
