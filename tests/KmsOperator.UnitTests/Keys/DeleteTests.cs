using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class DeleteTests
{
    public static TheoryData<string[], string, string, string[], string> Policies => new()
    {
        { [], "service: s3", "Enabled", ["alias/acme/s3"], "without a policy the key stays" },
        { ["deletionPolicy: Delete"], "service: s3", "PendingDeletion", [], "the class's policy" },
        { ["deletionPolicy: Delete"], "deletionPolicy: Retain", "Enabled", ["alias/acme/one"], "the resource's policy wins over the class's" },
        { [], "deletionPolicy: Delete", "PendingDeletion", [], "the resource's own policy" },
        { ["deletionPolicy: Disable"], "service: s3", "Disabled", ["alias/acme/s3"], "the class's policy is to disable" },
        { ["deletionPolicy: Delete"], "deletionPolicy: Disable", "Disabled", ["alias/acme/one"], "the resource's own policy is to disable" },
    };

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Deleting_a_resource_does_to_its_key_what_the_policy_says(string[] ofClass, string ofKey, string state, string[] aliases, string why)
    {
        using var scenario = await Scenario.StartAsync(["aliasTemplate: \"{prefix}/{name}\"", .. ofClass]);
        await scenario.ApplyAsync(Scenario.Key("one", ofKey, ofKey == "service: s3" ? "alias: alias/acme/s3" : "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == state, why);
        Assert.Equal(aliases, Scenario.Aliases(key));
    }

    [Fact]
    public async Task A_protected_key_is_scheduled_only_when_the_protection_is_gone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Delete"));
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/deletion-protection", "true");

        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        scenario.AssertStalled("ServiceKey", "one", "Deleting");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/deletion-protection", null);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_takes_its_resources_with_it()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "publish: {configMapName: coordinates}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        Assert.False(scenario.Operator.Server.FinalizeNamespaces());
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.True(scenario.Operator.Server.FinalizeNamespaces());
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_key_that_was_disabled_and_kept_is_taken_back_and_enabled_by_a_resource_of_the_same_name()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Disable"));
        await scenario.DeleteAsync("ServiceKey", "one");
        Assert.NotNull((await scenario.Aws.KeyAsync())["tags"]!["servicekey.dev/released"]);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Disable"));

        scenario.AssertReady("ServiceKey", "one");
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.Null(key["tags"]!["servicekey.dev/released"]);
    }

    [Fact]
    public async Task A_resource_waits_while_its_key_cannot_be_disabled()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Disable"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DisableKey", "kind": "accessDenied", "count": 20}""");

        await scenario.DeleteAsync("ServiceKey", "one");

        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(3));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task Replicas_are_disabled_with_their_primary()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", "deletionPolicy: Disable"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(["Disabled", "Disabled"], (await scenario.Aws.KeysAsync()).Select(key => (string?)key["keyState"]));
    }
}
