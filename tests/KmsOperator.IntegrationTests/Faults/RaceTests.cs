using Xunit;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>Two operators at once: the end is that of one.</summary>
[Collection("fault stages")]
public sealed class RaceTests(FaultStages stages)
{
    [Fact]
    public async Task Two_operators_at_once_without_a_lease_end_as_one()
    {
        await stages.StartAsync();
        var ends = await Task.WhenAll(Flow.All.Select(async flow =>
        {
            var alone = await stages.UndisturbedAsync(flow);
            var together = await stages.UseAsync(stage => stage.RunAsync(flow, null, default, alone.End, operators: 2));
            return (flow.Name, Expected: alone.End, Actual: together.End);
        }));
        Assert.All(ends, end => Assert.True(end.Expected == end.Actual, $"{end.Name}:\n{EndState.Difference(end.Expected, end.Actual)}"));
    }
}
