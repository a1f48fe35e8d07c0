using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class AliasTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], string[], string, string> Renames => new()
    {
        { ["service: s3"], ["service: s3", "alias: alias/own"], "alias/own", "from the class's template to an alias of its own" },
        { ["service: s3", "alias: alias/own"], ["service: s3", "alias: alias/other"], "alias/other", "from one of its own to another" },
        { ["service: s3", "alias: alias/own"], ["service: s3"], "alias/acme/s3", "back to the class's template" },
    };

    [Theory]
    [MemberData(nameof(Renames))]
    public async Task A_renamed_alias_leaves_the_key_with_the_new_name_alone(string[] before, string[] after, string alias, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", before));

        await scenario.ApplyAsync(Scenario.Key("one", after));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        Assert.True(Scenario.Aliases(await scenario.Aws.KeyAsync()) is [var only] && only == alias, why);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(alias, (string?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["aliasName"]);
    }

    [Fact]
    public async Task A_retargeted_alias_is_put_right_also_when_its_repair_fails_at_first()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId");
        var kms = scenario.Aws.Kms();
        var foreign = (await kms.CreateKeyAsync(new(), TestContext.Current.CancellationToken)).KeyMetadata.KeyId;
        await kms.UpdateAliasAsync(new() { AliasName = "alias/acme/s3", TargetKeyId = foreign }, TestContext.Current.CancellationToken);

        await scenario.BreakAsync("UpdateAlias", "throttle");
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "False", Reason: "Throttled" });
        Assert.Equal("True", scenario.Condition("ServiceKey", "one", "Reconciling")?.Status);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(keyId, (await kms.DescribeKeyAsync("alias/acme/s3", TestContext.Current.CancellationToken)).KeyMetadata.KeyId);
    }

    public static TheoryData<string, bool, bool, string> TakenAliases => new()
    {
        { "Deny", false, false, "nobody asked for it" },
        { "Deny", true, false, "the class does not permit it" },
        { "Allow", true, true, "asked for, and permitted" },
    };

    /// <summary>The one that has the alias cannot put its status back, so that only the tags of its key say whose it is.</summary>
    [Theory]
    [InlineData(true, "a resource that has a key")]
    [InlineData(false, "a resource that has none yet")]
    public async Task An_alias_is_not_taken_over_from_a_resource_whose_status_was_erased(bool hasKey, string who)
    {
        using var scenario = await Scenario.StartAsync("permissions: {aliasTakeOver: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/taken", "suspend: false"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/taken", "suspend: true"));
        if (hasKey)
            await scenario.ApplyAsync(Scenario.Key("two", "service: sqs"));
        var holder = (await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/taken"));
        scenario.EraseStatus("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Key("two", "service: sqs", "alias: alias/taken", "takeOverAlias: true"));

        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");
        Assert.Contains("ServiceKey/team/one", scenario.Condition("ServiceKey", "two", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.True((string?)(await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/taken"))["keyId"] == (string?)holder["keyId"], who);
    }

    [Theory]
    [InlineData("ListAliases", "throttle", "the comparison fails before it knows the key's aliases")]
    [InlineData("GetCallerIdentity", "accessDenied", "the class is not ready")]
    public async Task An_alias_that_people_took_out_of_the_status_is_not_forgotten_while_nothing_can_be_compared(string operation, string fault, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/before"));
        await scenario.RestAsync();
        await scenario.BreakAsync(operation, fault);
        await scenario.ApplyAsync(Scenario.Class("tags: {a: b}"));

        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"status": {"aliasName": null, "desiredSha256": null}}""", "status");
        await scenario.Operator.SettleAsync();
        Assert.Equal("False", scenario.Condition("ServiceKey", "one", "Ready")?.Status);
        await scenario.Aws.ClearFaultsAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/after"));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "one");
        Assert.True(Scenario.Aliases(await scenario.Aws.KeyAsync()) is ["alias/after"], why);
    }

    [Fact]
    public async Task A_status_that_loses_only_its_alias_is_put_back_at_once()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"status": {"aliasName": null, "desiredSha256": null}}""", "status");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));

        Assert.Equal("alias/acme/s3", scenario.Status("ServiceKey", "one", "aliasName"));
    }

    [Theory]
    [MemberData(nameof(TakenAliases))]
    public async Task An_alias_of_another_key_is_taken_over_only_if_asked_and_permitted(string permission, bool asked, bool taken, string why)
    {
        using var scenario = await Scenario.StartAsync($"permissions: {{aliasTakeOver: {permission}}}");
        var foreign = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/taken", TargetKeyId = foreign }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/taken", $"takeOverAlias: {(asked ? "true" : "false")}"));

        var holder = (await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/taken"));
        Assert.True(((string?)holder["keyId"] != foreign) == taken, why);
        if (taken)
            scenario.AssertReady("ServiceKey", "one");
        else
            scenario.AssertStalled("ServiceKey", "one", asked ? "PermissionDenied" : "AliasConflict");
    }

    [Theory]
    [InlineData("rename", "", "the key gets another name")]
    [InlineData("rename", "additionalAliases: [alias/wanted]", "the name is one of several that the other one wants")]
    [InlineData("drop", "", "the key had the name as an additional alias")]
    [InlineData("delete", "", "the resource goes with its key")]
    public async Task A_ServiceKey_that_waits_for_an_alias_gets_it_as_soon_as_the_other_lets_it_go(string how, string fields, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(how == "drop"
            ? Scenario.Key("one", "alias: alias/one", "additionalAliases: [alias/wanted]")
            : Scenario.Key("one", "alias: alias/wanted", "deletionPolicy: Delete"));
        await scenario.ApplyAsync(fields.Length > 0 ? Scenario.Key("two", "alias: alias/two", fields) : Scenario.Key("two", "alias: alias/wanted"));

        // By now the next try is minutes away.
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");

        if (how == "delete")
            scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        else
            scenario.User.Apply(Scenario.Key("one", "alias: alias/one", "deletionPolicy: Delete"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));

        scenario.AssertReady("ServiceKey", "two");
        var holder = (await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/wanted"));
        Assert.True((string?)holder["keyId"] == scenario.Status("ServiceKey", "two", "keyId"), why);
    }

    [Theory]
    [InlineData("rename", "it wants another name")]
    [InlineData("delete", "it is gone")]
    public async Task A_ServiceKey_that_waits_for_an_alias_gets_it_as_soon_as_the_one_before_it_which_has_no_key_yet_does_not_want_it(string how, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("CreateKey", "dropBefore");
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/wanted"));
        await scenario.Aws.ClearFaultsAsync();

        // It is not known whether the first one has a key. By now the next try for the second one is minutes away.
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/wanted"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(3));
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");

        if (how == "delete")
            scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        else
            scenario.User.Apply(Scenario.Key("one", "alias: alias/one"), Scenario.Namespace);
        do
            await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));
        while (how == "delete" && scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null);

        Assert.True(scenario.Condition("ServiceKey", "two", "Ready")?.Status == "True", why);
    }

    [Fact]
    public async Task A_ServiceKey_that_waited_long_for_an_alias_is_tried_again_at_once_when_KMS_is_busy_at_last()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/wanted", "deletionPolicy: Delete"));
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/two"));
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/wanted"));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");

        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "CreateAlias", "kind": "throttle"}""");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync();

        scenario.AssertReady("ServiceKey", "two");
    }

    [Fact]
    public async Task An_alias_that_a_resource_never_got_and_wants_no_more_is_free()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("CreateAlias");
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/wanted"));
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);
        await scenario.Aws.ClearFaultsAsync();
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/wanted"));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "PendingDeletion");
        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");

        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/one"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "two");
    }

    [Theory]
    [InlineData("alias: alias/two", "additionalAliases: [alias/shared]", "as one of several")]
    [InlineData("alias: alias/shared", "description: second", "as its own")]
    public async Task An_alias_that_somebody_deleted_stays_with_the_resource_that_has_it_on_record(string alias, string field, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/shared"));
        await scenario.ApplyAsync(Scenario.Key("two", "alias: alias/two"));
        await scenario.Aws.Kms().DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/shared" }, Ct);
        await scenario.ApplyAsync(Scenario.Key("two", alias, field));

        scenario.AssertStalled("ServiceKey", "two", "AliasConflict");
        Assert.Contains("is ServiceKey/team/one's", scenario.Condition("ServiceKey", "two", "Ready")!.Value.Message, StringComparison.Ordinal);
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var holder = (await scenario.Aws.KeysAsync()).Single(key => Scenario.Aliases(key).Contains("alias/shared"));
        Assert.True((string?)holder["keyId"] == scenario.Status("ServiceKey", "one", "keyId"), why);
    }
}
