using KmsSimulator.Protocol;

namespace KmsSimulator.Tests.BotocoreShapes;

/// <summary>AWS's own model of KMS, as botocore ships it, as a second opinion on every answer.</summary>
public sealed class BotocoreShapesTests
{
    [Fact]
    public async Task Answers_have_modelled_members_of_the_right_types_only()
    {
        await ExternalTool.RequireAsync("botocore (Python)", "REQUIRE_AWS_CLI", "python3", "-c", "import botocore");
        await using var simulator = await TestSimulator.StartAsync();
        var script = Path.Combine(AppContext.BaseDirectory, "BotocoreShapes", "check_shapes.py");
        var (code, output, error) = await ExternalTool.RunAsync(simulator, "python3", [script, simulator.Url, .. OperationTable.Simulated.Keys]);
        Assert.True(code == 0, output + error);
    }
}
