using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

public sealed class KeyClassReconcilerTests
{
    [Fact]
    public async Task A_class_that_is_ready_is_verified_again_after_the_drift_period_and_not_before()
    {
        using var scenario = await Scenario.StartAsync();

        // The search for keys that no resource has asks as well, minutes after the start and once a day.
        await scenario.RestAsync();
        var before = await scenario.CallsAsync("GetCallerIdentity");

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(9));
        Assert.Equal(before, await scenario.CallsAsync("GetCallerIdentity"));

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(3));
        Assert.Equal(before + 1, await scenario.CallsAsync("GetCallerIdentity"));
    }

    [Fact]
    public async Task A_class_says_by_an_event_when_it_becomes_ready_or_stops_being_it()
    {
        using var scenario = await Scenario.StartAsync();
        var ready = Assert.Single(Events(scenario));
        Assert.Equal(("Normal", "Available"), (ready.Type, ready.Reason));

        await scenario.ApplyAsync(Scenario.Class("tags: {a: b}"));
        Assert.Single(Events(scenario));

        await scenario.ApplyAsync(Scenario.Class("account: {id: \"999999999999\"}"));
        var mismatch = Assert.Single(Events(scenario), e => e.Reason != "Available");
        Assert.Equal(("Warning", "AccountMismatch"), (mismatch.Type, mismatch.Reason));
    }

    [Fact]
    public async Task Of_several_default_classes_each_says_which_one_is_used()
    {
        using var scenario = await Scenario.StartAsync();
        Assert.DoesNotContain(scenario.Events("standard"), e => e.StartsWith("SeveralDefaultClasses", StringComparison.Ordinal));

        await scenario.ApplyAsync(Scenario.Class().Replace("name: standard", "name: another", StringComparison.Ordinal));
        await scenario.ApplyAsync(Scenario.Class("tags: {a: b}"));

        foreach (var name in (string[])["standard", "another"])
        {
            Assert.Contains("SeveralDefaultClasses: 2 KeyClasses are annotated as default (standard, another); standard, the oldest, is used.", scenario.Events(name));
        }
    }

    private static IReadOnlyList<(string Type, string Reason)> Events(Scenario scenario) =>
        [.. scenario.User.List("Event").Where(e => (string?)e["regarding"]?["name"] == "standard").Select(e => ((string)e["type"]!, (string)e["reason"]!))];
}
