using System.Diagnostics;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_seed_gives_the_same_run_twice(int seed)
    {
        var script = ScriptGenerator.Of(seed);
        var first = SimulationRun.Of(script, keepNotes: true);
        var second = SimulationRun.Of(script, keepNotes: true);
        Assert.Equal(string.Join('\n', first.Notes), string.Join('\n', second.Notes));
        Assert.Equal(first.Trace, second.Trace);
        Assert.True(first.Steps > 100);
    }

    [Fact]
    public void Another_process_gives_the_same_runs()
    {
        // Each process hashes strings in its own way, so an order that depends on it shows here.
        var here = Enumerable.Range(1, 5).Select(seed => $"{SimulationRun.Of(ScriptGenerator.Of(seed)).Trace:x16}");
        Assert.Equal(here, Run("trace", "5").Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_script_survives_being_written_and_read()
    {
        var script = ScriptGenerator.Of(7);
        Assert.Equal(script.ToString(), Script.Parse(script.ToString()).ToString());
    }

    private static string Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(DeterminismTests).Assembly.Location, .. arguments]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
