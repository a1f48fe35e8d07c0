using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>A watch that does not bring what somebody has changed.</summary>
public sealed class StaleCacheTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_write_that_conflicts_the_server_is_asked()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { DriftPeriod = TimeSpan.FromSeconds(10), ConsistencyWindow = TimeSpan.FromSeconds(2) });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        scenario.Operator.Connection.HoldsWatches = true;
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"description": "changed"}}""");

        // What the next comparison finds has to be recorded first, and the server refuses that.
        await scenario.Aws.Kms().DisableKeyAsync(new DisableKeyRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(25));

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Equal("changed", (string?)(await scenario.Aws.KeyAsync())["description"]);
    }

    [Fact]
    public async Task A_ConfigMap_that_is_made_on_an_old_spec_is_removed_again()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { DriftPeriod = TimeSpan.FromSeconds(10), ConsistencyWindow = TimeSpan.FromSeconds(2) });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "publish: {configMapName: old}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));

        // Another operator has published elsewhere already, and this one still sees the spec of before.
        scenario.Operator.Connection.HoldsWatches = true;
        var id = Scenario.Id("ServiceKey", "one");
        scenario.User.Patch("ServiceKey", id, """{"spec": {"publish": {"configMapName": "new"}}}""");
        scenario.User.Delete("ConfigMap", Scenario.Id("ConfigMap", "old"));
        scenario.User.Patch("ServiceKey", id, """{"status": {"publishedConfigMapName": "new"}}""", "status");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(25));

        Assert.NotNull(scenario.User.Find("ConfigMap", Scenario.Id("ConfigMap", "new")));
        Assert.Null(scenario.User.Find("ConfigMap", Scenario.Id("ConfigMap", "old")));
    }
}
