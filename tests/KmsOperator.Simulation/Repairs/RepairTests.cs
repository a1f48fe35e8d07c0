using KmsOperator.Simulation.Running;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Repairs;

/// <summary>The simulation finds faults again that were found by other means once, when their repair is taken out.</summary>
public sealed class RepairTests
{
    // The seeds were looked for once, with "simulate SEEDS FROM REPAIR".
    public static TheoryData<string, int> Seeds => new()
    {
    };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_seed_breaks_a_promise_without_the_repair_and_keeps_it_with_it(string repair, int seed)
    {
        var script = ScriptGenerator.Of(seed);
        Assert.NotNull(SimulationRun.Of(script, without: Enum.Parse<Repair>(repair)).Failure);
        Assert.Null(SimulationRun.Of(script).Failure);
    }
}
