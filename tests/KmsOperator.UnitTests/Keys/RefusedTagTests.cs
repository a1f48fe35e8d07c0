using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Deletions where the tags that say so cannot be written.</summary>
public sealed class RefusedTagTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Retain", "Enabled", "a key that stays needs no tag to stay")]
    [InlineData("Disable", "Disabled", "the key is disabled, which is what was asked for")]
    [InlineData("Delete", "PendingDeletion", "the deletion does not depend on a tag")]
    public async Task The_resource_goes_all_the_same(string policy, string state, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("TagResource");

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == state, why);
        if (policy != "Delete")
            Assert.Contains(scenario.Events("one"), note => note.Contains("Its tags do not say so: AccessDeniedException", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Retain", "throttle", "KMS asks to slow down, and writes the tag later")]
    [InlineData("Delete", "error5xx", "KMS does not answer, and deletes later")]
    public async Task What_passes_is_waited_for(string policy, string fault, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("TagResource", fault);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.NotNull((await scenario.Aws.KeyAsync())["tags"]![policy == "Retain" ? "servicekey.dev/released" : "servicekey.dev/deleted-by"]);
    }

    [Theory]
    [InlineData("Disable", "a key that KMS is going to delete cannot be disabled, and nobody can use it")]
    [InlineData("Retain", "it takes no tag either")]
    public async Task A_key_whose_deletion_somebody_scheduled_is_left_as_it_is(string policy, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), PendingWindowInDays = 7 }, Ct);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == "PendingDeletion" && key["tags"]!["servicekey.dev/released"] is null, why);
    }
}
