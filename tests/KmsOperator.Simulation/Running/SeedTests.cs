using System.Globalization;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Running;

public sealed class SeedTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Known => Cases(KnownFaults.All);

    public static TheoryData<string, string> Mended => Cases(MendedFaults.All);

    // Explicit while there are known faults: seeds find them again, and their kin.
    [Fact(Explicit = true)]
    public void Two_thousand_seeds_keep_every_promise()
    {
        // SIMULATION_SEEDS runs another number of them.
        var count = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? "2000", CultureInfo.InvariantCulture);
        var failures = SeedRunner.Run(1, count, Environment.ProcessorCount);
        var known = KnownFaults.All.Select(fault => fault.Promise).ToHashSet(StringComparer.Ordinal);
        foreach (var kind in failures.GroupBy(failure => failure.Result.Promise))
            output.WriteLine($"{kind.Count()}  {kind.Key}  {string.Join(' ', kind.Take(5).Select(failure => failure.Seed))}");
        Assert.DoesNotContain(failures, failure => !known.Contains(failure.Result.Promise!));
    }

    [Theory]
    [MemberData(nameof(Mended))]
    public void A_script_that_showed_a_fault_once_keeps_every_promise(string reason, string script)
    {
        var result = SimulationRun.Of(Script.Parse(script));
        Assert.True(result.Failure is null, $"{reason}: {result.Failure}");
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Known))]
    public void A_known_fault_is_mended(string reason, string script)
    {
        var result = SimulationRun.Of(Script.Parse(script));
        Assert.True(result.Failure is null, $"{reason}: {result.Failure}");
    }

    private static TheoryData<string, string> Cases(IReadOnlyList<Fault> faults)
    {
        var cases = new TheoryData<string, string>();
        foreach (var fault in faults)
            cases.Add(fault.Reason, fault.Script);
        return cases;
    }
}
