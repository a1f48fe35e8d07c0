using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class CreateTests
{
    public static TheoryData<string[], string, string, int?, string, string> Keys => new()
    {
        { ["service: s3"], "alias/acme/s3", "SYMMETRIC_DEFAULT", 365, "Enabled", "the class gives alias and rotation" },
        { ["service: s3", "alias: alias/own/name"], "alias/own/name", "SYMMETRIC_DEFAULT", 365, "Enabled", "an alias in the spec wins over the class's template" },
        { ["service: s3", "rotation: {periodDays: 90}"], "alias/acme/s3", "SYMMETRIC_DEFAULT", 90, "Enabled", "the spec's period wins over the class's" },
        { ["service: s3", "rotation: {enabled: false}"], "alias/acme/s3", "SYMMETRIC_DEFAULT", null, "Enabled", "rotation can be switched off" },
        { ["alias: alias/acme/sign", "keySpec: RSA_2048", "keyUsage: SIGN_VERIFY"], "alias/acme/sign", "RSA_2048", null, "Enabled", "KMS rotates symmetric keys only" },
        { ["service: s3", "enabled: false"], "alias/acme/s3", "SYMMETRIC_DEFAULT", 365, "Disabled", "a key may be made to be disabled" },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_ServiceKey_gets_the_key_that_its_spec_and_class_describe(string[] spec, string alias, string keySpec, int? period, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", spec));

        scenario.AssertReady("ServiceKey", "one", state == "Disabled" ? "KeyDisabled" : "Available");
        var key = await scenario.Aws.KeyAsync();
        Assert.True(Scenario.Aliases(key) is [var only] && only == alias, why);
        Assert.True((string?)key["keySpec"] == keySpec, why);
        Assert.True((int?)key["rotation"]!["periodDays"] == period, why);
        Assert.True((string?)key["keyState"] == state, why);
        Assert.Equal("ServiceKey/team/one", (string?)key["tags"]!["servicekey.dev/owner"]);
        var status = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!;
        Assert.Equal((string?)key["arn"], (string?)status["arn"]);
        Assert.Equal(alias, (string?)status["aliasName"]);
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "CreateKey", "dropBefore", "the call had no effect and may be made again" },
        { "CreateKey", "dropAfter", "the call had its effect: the key must be found, not made again" },
        { "CreateKey", "error5xx", "what a server error did is not known" },
        { "CreateKey", "throttle", "throttling has no effect" },
        { "CreateAlias", "dropAfter", "the alias is there already when it is made again" },
        { "EnableKeyRotation", "dropBefore", "the key is complete although a step failed once" },
        { "ListAliases", "error5xx", "a read that failed decides nothing" },
        { "GetCallerIdentity", "dropBefore", "without the account nothing is written" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_call_that_fails_once_leaves_exactly_one_complete_key(string operation, string kind, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "{{operation}}", "kind": "{{kind}}"}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        Assert.True((await scenario.Aws.KeysAsync()).Count == 1, why);
        scenario.AssertReady("ServiceKey", "one");
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal(["alias/acme/s3"], Scenario.Aliases(key));
        Assert.Equal(365, (int?)key["rotation"]!["periodDays"]);
    }

    [Fact]
    public async Task A_new_key_that_KMS_does_not_show_yet_is_neither_missing_nor_made_again_when_it_is_compared()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } });

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "description: other words"));

        Assert.Equal("Progressing", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.DoesNotContain(scenario.Events("one"), note => note.StartsWith("KeyNotFound", StringComparison.Ordinal));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("other words", (string?)(await scenario.Aws.KeyAsync())["description"]);
    }

    [Fact]
    public async Task A_restart_with_nothing_changed_writes_nothing_to_KMS()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        var before = scenario.Operator.Server.Revision;
        var calls = (await scenario.Aws.CallsAsync()).Where(call => !IsRead(call.Key)).ToDictionary();

        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync();

        Assert.Equal(calls, (await scenario.Aws.CallsAsync()).Where(call => !IsRead(call.Key)).ToDictionary());
        Assert.Equal(before, scenario.Operator.Server.Revision);
    }

    [Fact]
    public async Task Two_resources_that_want_one_alias_make_one_key()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: s3"));

        Assert.Equal(["AliasConflict", "Available"], ((string[])["one", "two"]).Select(name => scenario.Condition("ServiceKey", name, "Ready")!.Value.Reason).Order());
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    private static bool IsRead(string operation) =>
        operation.StartsWith("Get", StringComparison.Ordinal) || operation.StartsWith("List", StringComparison.Ordinal) || operation.StartsWith("Describe", StringComparison.Ordinal);
}
