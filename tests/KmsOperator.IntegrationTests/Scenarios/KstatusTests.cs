using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed class KstatusTests
{
    [Theory]
    [InlineData("no status", "null", "Current")]
    [InlineData("empty status", "{}", "Current")]
    [InlineData("the CRD's default", """{"observedGeneration": -1}""", "InProgress")]
    [InlineData("stale, Ready", """{"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}""", "InProgress")]
    [InlineData("Ready without generation", """{"conditions": [{"type": "Ready", "status": "True"}]}""", "Current")]
    [InlineData("not Ready alone", """{"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "False"}]}""", "InProgress")]
    [InlineData("not Ready, Stalled", """{"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "False"}, {"type": "Stalled", "status": "True"}]}""", "Failed")]
    [InlineData("Ready, Reconciling", """{"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}, {"type": "Reconciling", "status": "True"}]}""", "InProgress")]
    public void The_rules_are_those_of_kstatus(string why, string status, string expected)
    {
        var resource = JsonNode.Parse($$"""{"metadata": {"generation": 2}, "status": {{status}}}""")!;

        Assert.True(Kstatus.Of(resource) == expected, why);
        resource["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        Assert.Equal("Terminating", Kstatus.Of(resource));
    }
}
