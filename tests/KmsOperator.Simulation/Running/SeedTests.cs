using System.Globalization;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

public sealed class SeedTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Mended => [.. MendedFaults.All.Select(fault => (fault.Reason, fault.Script))];

    // One seed in this many is run with shards as well.
    private const int WithShards = 20;

    /// <summary>SIMULATION_SEEDS says how many; 400 where it is not set.</summary>
    [Fact]
    public void The_first_seeds_keep_every_promise() => Run(Seeds, ScriptGenerator.Of);

    [Fact]
    public void The_first_seeds_keep_every_promise_where_the_operators_divide_the_work() => Run(Seeds / WithShards, ScriptGenerator.OfShards);

    [Theory]
    [MemberData(nameof(Mended))]
    public void A_script_that_broke_a_promise_once_keeps_every_promise(string reason, string script)
    {
        var result = SimulationRun.Of(Script.Parse(script));
        Assert.True(result.Failure is null, $"{reason}: {result.Failure}");
    }

    private static int Seeds => int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? "400", CultureInfo.InvariantCulture);

    private void Run(int seeds, Func<int, Script> scriptOf)
    {
        var failures = SeedRunner.Run(1, seeds, Environment.ProcessorCount, scriptOf);
        foreach (var kind in failures.GroupBy(failure => failure.Result.Promise))
            output.WriteLine($"{kind.Count()}  {kind.Key}  {string.Join(' ', kind.Take(5).Select(failure => failure.Seed))}");
        Assert.Empty(failures.Select(failure => $"seed {failure.Seed}: {failure.Result.Failure}"));
    }
}
