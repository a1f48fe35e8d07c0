using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class ClassChangeTests
{
    public static TheoryData<string, Func<JsonObject, bool>, string> Changes => new()
    {
        { "tags: {cost-center: new}", key => (string?)key["tags"]!["cost-center"] == "new", "a tag of the class" },
        { "rotation: {periodDays: 90}", key => (int?)key["rotation"]!["periodDays"] == 90, "the class's rotation period" },
        { "rotation: {enabled: false}", key => (bool?)key["rotation"]!["enabled"] == false, "rotation switched off in the class" },
        { "aliasTemplate: \"{prefix}/{namespace}/{name}\"", key => Scenario.Aliases(key) is ["alias/acme/team/one"], "another template of aliases" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_of_the_class_reaches_its_keys(string change, Func<JsonObject, bool> arrived, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        Assert.False(arrived(await scenario.Aws.KeyAsync()), why);

        await scenario.ApplyAsync(Scenario.Class(change));

        Assert.True(arrived(await scenario.Aws.KeyAsync()), why);
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_key_of_a_class_that_comes_later_waits_for_it()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "className: later"));
        scenario.AssertStalled("ServiceKey", "one", "ClassNotFound");

        await scenario.ApplyAsync(Scenario.Class().Replace("name: standard", "name: later", StringComparison.Ordinal));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_namespace_that_the_class_does_not_admit_waits_for_its_label()
    {
        using var scenario = await Scenario.StartAsync("allowedNamespaces: {from: Selector, selector: {matchLabels: {keys: allowed}}}");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.AssertStalled("ServiceKey", "one", "NamespaceNotAllowed");

        scenario.User.Patch("Namespace", new("", Scenario.Namespace), "metadata: {labels: {keys: allowed}}");
        await scenario.Operator.SettleAsync();
        scenario.AssertReady("ServiceKey", "one");
    }
}
