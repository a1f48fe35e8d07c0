using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class AdditionalAliasTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], string[], string[], string> Changes => new()
    {
        { [], ["additionalAliases: [alias/b, alias/c]"], ["alias/acme/s3", "alias/b", "alias/c"], "two are added" },
        { ["additionalAliases: [alias/b, alias/c]"], ["additionalAliases: [alias/c]"], ["alias/acme/s3", "alias/c"], "one is removed" },
        { ["additionalAliases: [alias/b]"], [], ["alias/acme/s3"], "all are removed" },
        { ["additionalAliases: [alias/b]"], ["additionalAliases: [alias/c]"], ["alias/acme/s3", "alias/c"], "one is replaced" },
        { ["alias: alias/a", "additionalAliases: [alias/b]"], ["alias: alias/b", "additionalAliases: [alias/a]"], ["alias/a", "alias/b"], "the two change places" },
        { ["alias: alias/a", "additionalAliases: [alias/b]"], ["alias: alias/b"], ["alias/b"], "the additional one becomes the only one" },
        { [], ["additionalAliases: [alias/acme/s3]"], ["alias/acme/s3"], "the key's own alias is listed again" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_key_has_the_aliases_that_the_spec_lists_and_no_others(string[] before, string[] after, string[] aliases, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", .. before]));
        scenario.AssertReady("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", .. after]));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        Assert.True(Scenario.Aliases(await scenario.Aws.KeyAsync()).Order().SequenceEqual(aliases), why);
        scenario.AssertReady("ServiceKey", "one");
        var status = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!;
        var own = (string)status["aliasName"]!;
        var others = status["additionalAliases"]?.AsArray().Select(alias => (string)alias!) ?? [];
        Assert.Equal(aliases, others.Append(own).Order());
        Assert.Null(status["formerAliasNames"]);
        Assert.Null(status["pendingAliasName"]);
    }

    [Fact]
    public async Task An_additional_alias_that_somebody_pointed_at_another_resources_key_is_pointed_back()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]") + Scenario.Key("two", "service: sqs"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/b", TargetKeyId = scenario.Status("ServiceKey", "two", "keyId") }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var key = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(["alias/acme/s3", "alias/b"], Scenario.Aliases(key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_alias_that_comes_after_its_call_got_no_answer_and_is_no_longer_wanted_is_removed()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("CreateAlias", "dropBefore");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.AssertReady("ServiceKey", "one");

        // The call was on its way all the time.
        await scenario.Aws.ClearFaultsAsync();
        await scenario.Aws.Kms().CreateAliasAsync("alias/b", scenario.Status("ServiceKey", "one", "keyId"), Ct);
        await scenario.RestAsync();

        Assert.Equal(["alias/acme/s3"], Scenario.Aliases(await scenario.Aws.KeyAsync()));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task An_alias_that_somebody_pointed_elsewhere_is_pointed_back()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));
        var foreign = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/b", TargetKeyId = foreign }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Contains("alias/b", await AliasesAsync(scenario, key => (string?)key["keyId"] != foreign));
        scenario.AssertReady("ServiceKey", "one");
    }

    public static TheoryData<string, bool, bool, string> TakenAliases => new()
    {
        { "Deny", false, false, "nobody asked for it" },
        { "Allow", true, true, "asked for, and permitted" },
    };

    [Theory]
    [MemberData(nameof(TakenAliases))]
    public async Task An_alias_of_another_key_is_taken_over_only_if_asked_and_permitted(string permission, bool asked, bool taken, string why)
    {
        using var scenario = await Scenario.StartAsync($"permissions: {{aliasTakeOver: {permission}}}");
        var foreign = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/taken", TargetKeyId = foreign }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/taken]", $"takeOverAlias: {(asked ? "true" : "false")}"));

        Assert.True((await AliasesAsync(scenario, key => (string?)key["keyId"] == foreign)).Contains("alias/taken") != taken, why);
        if (taken)
        {
            scenario.AssertReady("ServiceKey", "one");
            return;
        }

        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.True(await scenario.CallsAsync("CreateKey") == 1, "no key is made for a resource that cannot have its aliases");
    }

    [Fact]
    public async Task Of_two_resources_the_first_has_the_alias_whether_it_is_its_own_or_an_additional_one()
    {
        using var scenario = await Scenario.StartAsync("permissions: {aliasTakeOver: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]"));

        await scenario.ApplyAsync(Scenario.Key("two", "service: sqs", "alias: alias/b", "takeOverAlias: true"));
        await scenario.ApplyAsync(Scenario.Key("three", "service: sns", "additionalAliases: [alias/acme/s3]", "takeOverAlias: true"));

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");
        scenario.AssertStalled("ServiceKey", "three", "AliasConflict");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    public static TheoryData<string, string> LostAnswers => new()
    {
        { "dropBefore", "the alias was not made" },
        { "dropAfter", "the alias was made" },
    };

    [Theory]
    [MemberData(nameof(LostAnswers))]
    public async Task An_alias_whose_making_got_no_answer_does_not_stay_when_the_spec_no_longer_lists_it(string fault, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));
        await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "CreateAlias", "kind": "{{fault}}", "count": 1000}""");
        scenario.User.Apply(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        Assert.True(Scenario.Aliases(await scenario.Aws.KeyAsync()) is ["alias/acme/s3"], why);
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_key_that_is_deleted_loses_all_its_aliases()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "additionalAliases: [alias/b]", "deletionPolicy: Delete"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Empty(Scenario.Aliases(await scenario.Aws.KeyAsync()));
    }

    [Fact]
    public async Task A_replica_has_additional_aliases_of_its_own()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true", "additionalAliases: [alias/b]")
            + Scenario.Replica("copy", "primaryRef: {name: one}", "region: eu-west-1", "additionalAliases: [alias/c]"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        scenario.AssertReady("KeyReplica", "copy");
        Assert.Equal(["alias/acme/s3", "alias/c"], (await AliasesAsync(scenario, key => (string?)key["region"] == "eu-west-1")).Order());
    }

    private static async Task<string[]> AliasesAsync(Scenario scenario, Func<System.Text.Json.Nodes.JsonObject, bool> which) =>
        [.. (await scenario.Aws.KeysAsync()).Where(which).SelectMany(Scenario.Aliases)];
}
