using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Aliases that somebody else changes after the operator has read the list of them, which it does once a minute.</summary>
public sealed class AliasRaceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_old_alias_that_leads_to_another_key_by_now_is_not_deleted()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/before"));
        await scenario.RestAsync();
        await CompareNowAsync(scenario);
        var other = await MakeKeyAsync(scenario);
        await scenario.Aws.Kms().UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/before", TargetKeyId = other }, Ct);

        scenario.User.Apply(Scenario.Key("one", "alias: alias/after"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["alias/before"], await AliasesOfAsync(scenario, other));
        Assert.Equal(["alias/after"], await AliasesOfAsync(scenario, scenario.Status("ServiceKey", "one", "keyId")!));
    }

    [Fact]
    public async Task A_new_alias_that_another_key_got_meanwhile_is_left_to_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/before"));
        await scenario.RestAsync();
        await CompareNowAsync(scenario);
        var other = await MakeKeyAsync(scenario);
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/after", TargetKeyId = other }, Ct);

        scenario.User.Apply(Scenario.Key("one", "alias: alias/after"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.Equal(["alias/after"], await AliasesOfAsync(scenario, other));
        Assert.Equal(["alias/before"], await AliasesOfAsync(scenario, scenario.Status("ServiceKey", "one", "keyId")!));
    }

    [Fact]
    public async Task An_alias_that_a_restored_backup_does_not_know_is_deleted()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/before"));
        await scenario.RestAsync();
        var backup = scenario.Operator.Server.TakeSnapshot();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/after"));

        scenario.Operator.Server.RestoreTo(backup);
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["alias/before"], await AliasesOfAsync(scenario, scenario.Status("ServiceKey", "one", "keyId")!));
    }

    [Fact]
    public async Task An_alias_that_KMS_does_not_move_to_a_key_of_another_type_says_what_to_do()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/one"));
        await scenario.RestAsync();
        var other = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { KeySpec = "HMAC_256", KeyUsage = "GENERATE_VERIFY_MAC" }, Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/one" }, Ct);
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/one", TargetKeyId = other }, Ct);

        await CompareNowAsync(scenario);
        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.Contains("aws kms delete-alias --alias-name alias/one", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.Aws.Kms().DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/one" }, Ct);
        await CompareNowAsync(scenario);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_key_that_only_the_wanted_alias_leads_to_and_that_may_not_be_read_is_not_taken()
    {
        using var scenario = await Scenario.StartAsync();
        var other = await MakeKeyAsync(scenario);
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = other }, Ct);
        await scenario.BreakAsync("DescribeKey");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    [Theory]
    [InlineData(true, "its tags are those of another attempt")]
    [InlineData(false, "its tags may not be read, and the index of tags finds the attempt's key")]
    public async Task The_key_of_a_lost_call_is_not_the_one_that_has_the_alias(bool isReadable, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "dropAfter"}""");
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        scenario.Operator.Kill();
        var made = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        var other = await MakeKeyAsync(scenario);
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = other }, Ct);
        if (!isReadable)
            await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ListResourceTags", "kind": "accessDenied"}""");

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.True(scenario.Status("ServiceKey", "one", "keyId") == made, why);
        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.Equal(["alias/acme/s3"], await AliasesOfAsync(scenario, other));
    }

    /// <summary>The operator reads the list of aliases, and has it for a minute.</summary>
    private static async Task CompareNowAsync(Scenario scenario)
    {
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/reconcile-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("now", scenario.Status("ServiceKey", "one", "lastHandledReconcileAt"));
    }

    private static async Task<string> MakeKeyAsync(Scenario scenario) => (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;

    private static async Task<string[]> AliasesOfAsync(Scenario scenario, string keyId) =>
        Scenario.Aliases((await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == keyId));
}
