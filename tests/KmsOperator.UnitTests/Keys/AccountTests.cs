using KmsOperator.Aws;
using KmsOperator.Keys.Accounts;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Whose credentials a class has, and what follows if they are not those of the account that its keys are in.</summary>
public sealed class AccountTests
{
    [Theory]
    [InlineData("account: {id: \"123456789012\"}", "Available", "the operator's own account, and said so")]
    [InlineData("account: {id: \"999999999999\"}", "AccountMismatch", "the credentials belong to another account")]
    public async Task A_class_is_ready_only_with_credentials_of_its_account(string account, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Class(account));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        var ready = scenario.Condition("KeyClass", "standard", "Ready");
        Assert.True(ready?.Reason == reason, $"{why}: {ready}");
        Assert.Equal(reason == "Available" ? 1 : 0, (await scenario.Aws.KeysAsync()).Count);
        Assert.Equal(reason == "Available" ? "Available" : "ClassNotReady", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
    }

    [Theory]
    [InlineData(null, "spec.account.id: is 999999999999, but the credentials belong to account 123456789012. Nothing is written there.")]
    [InlineData("arn:aws:iam::123456789012:role/Keys", "spec.account.id: is 999999999999, but the credentials (arn:aws:iam::123456789012:role/Keys) belong to account 123456789012. Nothing is written there.")]
    public void A_class_of_another_account_says_whose_credentials_it_has(string? role, string message)
    {
        var access = new AwsAccess(role, ExternalId: null, "us-east-1");

        Assert.Equal(message, AccountCheck.FindMismatch(access, "999999999999", "123456789012")?.Message);
        Assert.Null(AccountCheck.FindMismatch(access, "123456789012", "123456789012"));
        Assert.Null(AccountCheck.FindMismatch(access, null, "123456789012"));
    }

    [Fact]
    public async Task While_STS_refuses_the_class_is_not_ready_and_its_keys_wait()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("GetCallerIdentity");
        scenario.Operator.CrashAndRestart();
        await scenario.ApplyAsync(Scenario.Class("tags: {a: b}"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        Assert.True(scenario.Condition("KeyClass", "standard", "Ready") is { Status: "False", Reason: "AccessDenied" });
        Assert.Equal("ClassNotReady", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Empty(await scenario.Aws.KeysAsync());

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_key_of_another_account_is_neither_replaced_nor_taken_for_gone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Delete"));
        await scenario.RestAsync();

        // As when the resources come back in a cluster whose operator has the credentials of another account.
        SetAccount(scenario, "999999999999");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Contains("keys do not move", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "AccountMismatch");
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        SetAccount(scenario, "123456789012");
        await scenario.RestAsync();
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_key_does_not_move_when_its_class_names_another_Region()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        await scenario.ApplyAsync(Scenario.Class().Replace("us-east-1", "eu-west-1", StringComparison.Ordinal));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    [Fact]
    public async Task A_class_that_somebody_changes_while_it_is_verified_is_verified_again()
    {
        using var scenario = await Scenario.StartAsync();
        var met = 0;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request is { Verb: "apply", Plural: "keyclasses", Subresource: "status" } && met++ == 0)
                scenario.User.Apply(Scenario.Class("tags: {a: c}"));
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Class("tags: {a: b}"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        Assert.True(met > 0);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("c", (string?)(await scenario.Aws.KeyAsync())["tags"]!["a"]);
    }

    private static void SetAccount(Scenario scenario, string accountId)
    {
        scenario.Operator.Kill();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $$$"""{"status": {"accountId": "{{{accountId}}}"}}""", "status");
        scenario.Operator.Start();
    }
}
