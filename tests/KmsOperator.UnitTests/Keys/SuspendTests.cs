using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class SuspendTests
{
    [Fact]
    public async Task A_resource_that_is_suspended_from_the_start_makes_its_key_when_it_no_longer_is()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "suspend: true"));
        Assert.Equal("Suspended", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Empty(await scenario.Aws.KeysAsync());

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    public static TheoryData<string, string> Changes => new()
    {
        { "description: new words", "a change of the spec" },
        { "enabled: false", "the order to disable the key" },
        { "tags: {team: a}", "a new tag" },
        { "alias: alias/renamed", "a new name" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_changes_while_a_resource_is_suspended_waits(string change, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "suspend: true", change));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(11));
        Assert.True((await scenario.Aws.KeyAsync()).ToJsonString() == before, why);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", change));
        Assert.False((await scenario.Aws.KeyAsync()).ToJsonString() == before, why);
    }
}
