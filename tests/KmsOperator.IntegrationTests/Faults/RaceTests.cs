using KmsOperator.Testing.Flows;
using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// Every flow on a real API server and in real time, with one operator and with two at once. The faults at every side effect are tried in memory, by
/// <c>FaultMatrixTests</c> of the simulation.
/// </summary>
[Collection("fault stages")]
public sealed class RaceTests(FaultStages stages)
{
    [Fact]
    public async Task Two_operators_at_once_without_a_lease_end_as_one()
    {
        await stages.StartAsync();
        var ends = await Task.WhenAll(Flow.All.Select(async flow =>
        {
            var alone = await stages.UseAsync(stage => stage.RunAsync(flow, operators: 1, expected: null));
            var together = await stages.UseAsync(stage => stage.RunAsync(flow, operators: 2, alone));
            return (flow.Name, Expected: alone, Actual: together);
        }));
        Assert.All(ends, end => Assert.True(end.Expected == end.Actual, $"{end.Name}:\n{EndState.Difference(end.Expected, end.Actual)}"));
    }
}
