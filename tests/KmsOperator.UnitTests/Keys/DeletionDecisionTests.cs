using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What happens between the decision to delete a key and the call that does it.</summary>
public sealed class DeletionDecisionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deletion_policy_that_changes_while_the_key_is_being_marked_keeps_the_key()
    {
        Scenario? scenario = null;
        var front = new FirstCall("TagResource", TagNames.DeletedBy, () => scenario!.User.Patch(
            "ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}"""));
        using (scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before }))
        {
            await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
            await scenario.RestAsync();
            await scenario.DeleteAsync("ServiceKey", "one");

            Assert.Equal(1, front.Calls);
            Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
            var key = await scenario.Aws.KeyAsync();
            Assert.Equal("Enabled", (string?)key["keyState"]);
            Assert.NotNull(key["tags"]![TagNames.Released]);
        }
    }

    [Fact]
    public async Task A_key_that_may_not_be_enabled_after_its_deletion_was_cancelled_is_marked_all_the_same()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ScheduleKeyDeletion", "kind": "dropAfter"}""");
        await scenario.BreakAsync("EnableKey");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Disabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]![TagNames.Released]);
        Assert.True(scenario.Events("one").Any(note => note.Contains("It stays disabled: AccessDenied", StringComparison.Ordinal)), string.Join("\n", scenario.Events("one")));
    }

    [Fact]
    public async Task A_key_is_enabled_after_its_deletion_was_cancelled_although_the_first_call_gets_lost()
    {
        var front = new FirstCall("EnableKey", "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ScheduleKeyDeletion", "kind": "dropAfter"}""");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.RestAsync();

        Assert.Equal(1, front.Calls);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]![TagNames.Released]);
    }

    [Theory]
    [InlineData("Retain")]
    [InlineData("Delete")]
    [InlineData("Disable")]
    public async Task A_key_that_somebody_gave_to_another_resource_is_left_and_the_deleted_resource_goes(string policy)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.Aws.Kms().TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = [new Tag { TagKey = TagNames.Owner, TagValue = "ServiceKey/team/two" }] }, Ct);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.Null(key["tags"]![TagNames.Released]);
    }

    [Theory]
    [InlineData(false, "the process remembers that it let the key go")]
    [InlineData(true, "another process may have let the key go just before")]
    public async Task A_key_that_is_let_go_and_then_deleted_all_the_same_is_taken_back_by_the_next_resource(bool restarts, string why)
    {
        Scenario? scenario = null;
        var front = new FirstCall("TagResource", TagNames.Released, () =>
        {
            scenario!.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Delete"}}""");
            scenario.Operator.Connection.IsUnavailable = true;
        });
        var options = new OperatorTestOptions { AwsFront = front.Before, Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } };
        using (scenario = await Scenario.StartAsync(options))
        {
            await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Retain"));
            await scenario.RestAsync();
            scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
            await scenario.Operator.SettleAsync(TimeSpan.Zero);
            if (restarts)
                scenario.Operator.CrashAndRestart();
            scenario.Operator.Connection.IsUnavailable = false;
            await scenario.RestAsync();
            Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
            Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

            await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Retain"));
            await scenario.RestAsync();
            Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == "Enabled", why);
        }
    }

    [Fact]
    public async Task A_key_that_an_earlier_resource_left_and_a_later_one_deletes_at_once_is_taken_back_by_the_next()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));

        // The next process does not know that the key was left, and KMS does not show it yet.
        scenario.Operator.CrashAndRestart();
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_resource_stays_while_a_call_without_an_answer_may_still_schedule_the_deletion()
    {
        var front = new FirstCall("ScheduleKeyDeletion", "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Equal(1, front.Calls);
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);

        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Theory]
    [InlineData("Retain", "Enabled")]
    [InlineData("Disable", "Disabled")]
    public async Task A_key_is_kept_also_where_a_process_that_was_killed_had_sent_the_call_that_schedules_its_deletion(string policy, string state)
    {
        var front = new FirstCall("ScheduleKeyDeletion", "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        Assert.Equal(1, front.Calls);
        scenario.Operator.CrashAndRestart();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $$$"""{"spec":{"deletionPolicy":"{{{policy}}}"}}""");
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        Assert.NotNull(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), PendingWindowInDays = 7 }, Ct);
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal(state, (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("Retain", "UntagResource", "Enabled", "the call could take off the mark that the key is left")]
    [InlineData("Delete", "CancelKeyDeletion", "PendingDeletion", "the call could cancel the deletion of a key that nobody looks at any more")]
    public async Task A_resource_stays_while_a_call_without_an_answer_may_still_change_what_becomes_of_its_key(string policy, string operation, string state, string why)
    {
        var front = new FirstCall(operation, "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");
        scenario.User.Apply(Scenario.Key("one", $"deletionPolicy: {policy}"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Equal(1, front.Calls);
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);

        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal(state, (string?)key["keyState"]);
        Assert.Equal(policy == "Retain", key["tags"]![TagNames.Released] is not null);
    }

    [Theory]
    [InlineData("CreateAlias", "additionalAliases: [alias/late]", "a later resource with this key would not know whose alias it is")]
    [InlineData("CreateGrant", "grants: [{name: late, granteePrincipal: Other, operations: [Decrypt]}]", "a later resource with this key would not know whose grant it is")]
    public async Task A_resource_stays_while_a_call_without_an_answer_may_still_make_something_at_its_key(string operation, string field, string why)
    {
        var front = new FirstCall(operation, "late", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        scenario.User.Apply(Scenario.Key("one", "deletionPolicy: Retain", field), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.Equal(1, front.Calls);
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);
        Assert.Contains("may still arrive", scenario.Condition("ServiceKey", "one", "Ready")?.Message, StringComparison.Ordinal);

        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Theory]
    [InlineData("Delete", false, "the process remembers that it cancelled the deletion")]
    [InlineData("Delete", true, "another process may have cancelled it just before")]
    [InlineData("Retain", false, "a key that is left is marked as such")]
    public async Task A_deletion_that_was_cancelled_and_that_KMS_still_shows_does_not_count_as_the_resources_own(string policy, bool restarts, string why)
    {
        var options = new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } };
        using var scenario = await Scenario.StartAsync(options);
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        scenario.User.Apply(Scenario.Key("one", $"deletionPolicy: {policy}"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        if (restarts)
            scenario.Operator.CrashAndRestart();
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == (policy == "Delete" ? "PendingDeletion" : "Enabled"), why);
        Assert.Equal(policy == "Retain", key["tags"]![TagNames.Released] is not null);
    }

    [Fact]
    public async Task A_deletion_policy_that_becomes_Retain_while_the_resource_still_waits_cancels_the_deletion_and_puts_the_aliases_back()
    {
        var front = new FirstCall("ScheduleKeyDeletion", "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete", "alias: alias/main", "additionalAliases: [alias/other, alias/taken]"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Empty(Scenario.Aliases(await scenario.Aws.KeyAsync()));
        var foreign = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/taken", TargetKeyId = foreign }, Ct);

        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] != foreign);
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]![TagNames.Released]);
        Assert.Equal(["alias/main", "alias/other"], Scenario.Aliases(key).Order(StringComparer.Ordinal));
        Assert.Contains(scenario.Events("one"), note => note.Contains("is retained, with the aliases that it has.", StringComparison.Ordinal));
    }

    // What AWS refuses after the deletion was scheduled and the policy became Retain; whether the namespace is being deleted; whether the resource goes; its note; why
    public static TheoryData<string, bool, bool, string, string> RefusedReturns => new()
    {
        { "CancelKeyDeletion", false, false, "", "KMS would delete a key that is to be kept" },
        { "CancelKeyDeletion", true, true, "", "a namespace does not wait for a person" },
        { "CreateAlias", false, true, "alias/main was deleted with it and could not be put back", "the key is kept, and the note says what it lost" },
        { "ListAliases", false, true, "is retained, with the aliases that it has.", "the deletion is cancelled also where the aliases may not be read" },
    };

    [Theory]
    [MemberData(nameof(RefusedReturns))]
    public async Task What_AWS_refuses_while_a_deletion_is_cancelled_holds_the_resource_only_where_the_key_would_be_lost(
        string operation, bool isTerminating, bool goes, string note, string why)
    {
        var front = new FirstCall("ScheduleKeyDeletion", "", () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke."));
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete", "alias: alias/main"));
        await scenario.RestAsync();
        await scenario.DeleteAsync("ServiceKey", "one");
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        await scenario.BreakAsync(operation);
        if (isTerminating)
            scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.RestAsync();

        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is null == goes, why);
        Assert.Equal(operation == "CancelKeyDeletion" ? "PendingDeletion" : "Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        if (goes)
        {
            // Nothing is made in a namespace that is being deleted, also no event.
            Assert.True(isTerminating || scenario.Events("one").Any(one => one.Contains(note, StringComparison.Ordinal)), string.Join("\n", scenario.Events("one")));
            return;
        }

        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("LimitExceededException", "a quota is used up")]
    [InlineData("KMSInvalidStateException", "the key was in another state at that moment")]
    [InlineData("DependencyTimeoutException", "KMS has a bad day")]
    public async Task A_key_that_is_to_be_disabled_is_disabled_also_where_KMS_refuses_that_once(string error, string why)
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = aws => new RefusingHandler(aws, "DisableKey", error) });
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Disable"));
        await scenario.RestAsync();

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == "Disabled", why);
    }

    [Theory]
    [InlineData("error5xx", "KMS has a bad day")]
    [InlineData("throttle", "others use the quota up")]
    [InlineData("accessDenied", "a person has to permit it")]
    public async Task A_key_that_is_to_be_disabled_is_disabled_before_its_resource_goes(string fault, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Disable"));
        await scenario.RestAsync();
        await scenario.BreakAsync("DisableKey", fault);
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("standard", null, "Enabled", "the class that the spec names retains keys, and the key's class deletes them")]
    [InlineData("missing", null, "Enabled", "nobody knows what the class that the spec names says")]
    [InlineData("other", null, "PendingDeletion", "both classes delete keys")]
    [InlineData("standard", "Delete", "PendingDeletion", "the resource itself says so")]
    public async Task A_key_is_retained_where_its_class_and_the_one_that_the_spec_names_do_not_agree(string named, string? policy, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        foreach (var name in (string[])["strict", "other"])
            await scenario.ApplyAsync(Scenario.Class("deletionPolicy: Delete").Replace("name: standard", $"name: {name}", StringComparison.Ordinal).Replace("\"true\"", "\"false\"", StringComparison.Ordinal));
        await scenario.ApplyAsync(Scenario.Key("one", "className: strict"));
        await scenario.RestAsync();

        // Without a status, the API server takes another class.
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $"{{spec: {{className: {named}, deletionPolicy: {policy ?? "null"}}}}}");
        await scenario.Operator.SettleAsync();
        Assert.Equal("strict", scenario.Status("ServiceKey", "one", "className"));
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == state, why);
        Assert.Equal(state == "Enabled", key["tags"]![TagNames.Released] is not null);
    }

    [Theory]
    [InlineData(true, "the resource names the class")]
    [InlineData(false, "it is the default one, and the status was lost")]
    public async Task That_a_class_is_gone_is_decided_on_what_the_server_says_at_that_moment(bool isNamed, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", isNamed ? "className: standard" : "service: s3"));
        await scenario.RestAsync();
        scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "standard"));
        await scenario.Operator.SettleAsync();
        if (!isNamed)
        {
            scenario.Operator.Kill();
            scenario.EraseStatus("ServiceKey", "one");
            scenario.Operator.Start();
        }

        // The watch has not brought the class when the operator asks.
        var isBack = BeforeFirstLook(scenario, () => scenario.User.Apply(Scenario.Class(), Scenario.Namespace));
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.True(isBack());
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((await scenario.Aws.KeyAsync())["tags"]![TagNames.Released] is not null, why);
    }

    [Fact]
    public async Task Whether_a_deletion_is_cancelled_is_decided_on_what_the_server_says_at_that_moment()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Delete"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "DeleteAlias", "kind": "dropAfter"}""");
        await scenario.DeleteAsync("ServiceKey", "one");
        // The watch has not brought it when the operator asks.
        var isChanged = BeforeFirstLook(scenario, () => scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Delete"}}"""));

        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}""");
        await scenario.RestAsync();

        Assert.True(isChanged());
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Equal(0, await scenario.CallsAsync("CancelKeyDeletion"));
    }

    [Fact]
    public async Task Whether_a_key_is_disabled_is_decided_on_what_the_server_says_at_that_moment()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "deletionPolicy: Disable"));
        await scenario.RestAsync();
        // The watch has not brought it when the operator asks.
        var isChanged = BeforeFirstLook(scenario, () => scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec":{"deletionPolicy":"Retain"}}"""));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.True(isChanged());
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.Equal("Enabled", (string?)key["keyState"]);
        Assert.NotNull(key["tags"]![TagNames.Released]);
        Assert.Equal(0, await scenario.CallsAsync("DisableKey"));
    }

    [Theory]
    [InlineData("KeyReplica", "ServiceKey", "{deletionPolicy: Disable}", "Disabled", "the primary is kept no more")]
    [InlineData("KeyReplica", "ServiceKey", "{deletionPolicy: Delete}", "PendingDeletion", "the primary is kept no more")]
    [InlineData("ServiceKey", "KeyClass", "{deletionPolicy: Disable}", "Disabled", "the class keeps no more")]
    [InlineData("ServiceKey", "KeyClass", "{deletionPolicy: Delete}", "PendingDeletion", "the class keeps no more")]
    public async Task Whether_a_key_stays_enabled_is_decided_on_what_the_server_says_of_that_from_which_it_inherits_its_policy(
        string kind, string changed, string spec, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(
            Scenario.Key("primary", "multiRegion: true") + Scenario.Replica("copy", "primaryRef: {name: primary}", "region: eu-west-1") + Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var (name, region) = kind == "KeyReplica" ? ("copy", "eu-west-1") : ("one", "us-east-1");
        var keyId = scenario.Status(kind, name, "keyId");

        // The watch has not brought it when the operator asks.
        var isChanged = BeforeFirstLook(
            scenario,
            () => scenario.User.Patch(changed, Scenario.Id(changed, changed == "KeyClass" ? "standard" : "primary"), $"{{spec: {spec}}}"),
            changed == "KeyClass" ? "keyclasses" : "servicekeys");
        await scenario.DeleteAsync(kind, name);
        await scenario.RestAsync();

        Assert.True(isChanged(), "the operator did not ask");
        Assert.Null(scenario.User.Find(kind, Scenario.Id(kind, name)));
        var key = (await scenario.Aws.KeysAsync()).Single(key => (string?)key!["keyId"] == keyId && (string?)key["region"] == region);
        Assert.True((string?)key!["keyState"] == state, why);
    }

    [Fact]
    public async Task Whether_a_replica_stays_untouched_is_decided_on_what_the_server_says_of_its_primary()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "deletionPolicy: Delete", "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), "{spec: {managementPolicy: Observe}}");
        await scenario.Operator.SettleAsync();

        // The watch has not brought it when the operator asks.
        var isChanged = BeforeFirstLook(
            scenario, () => scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), "{spec: {managementPolicy: Full, replicaRegions: null}}"));
        await scenario.DeleteAsync("KeyReplica", "multi-eu-west-1");
        await scenario.RestAsync();

        Assert.True(isChanged(), "the operator did not ask");
        Assert.Null(scenario.User.Find("KeyReplica", Scenario.Id("KeyReplica", "multi-eu-west-1")));
        var key = (await scenario.Aws.KeysAsync()).Single(key => (string?)key!["region"] == "eu-west-1");
        Assert.Equal("PendingDeletion", (string?)key!["keyState"]);
    }

    [Theory]
    [InlineData(16, new[] { "us-east-1", "eu-west-1" }, "the look at the replica is too old: it has the primary now, and goes last")]
    [InlineData(2, new[] { "eu-west-1", "us-east-1" }, "nobody can know what happens between a look and a call")]
    public async Task A_deletion_is_decided_anew_when_the_look_at_the_key_is_too_old(int seconds, string[] regions, string why)
    {
        var hasMarked = false;
        var front = new FirstCall("TagResource", TagNames.DeletedBy, () => hasMarked = true);
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = front.Before });
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "deletionPolicy: Delete", "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "multi", "keyId");
        var hasStood = false;
        scenario.Operator.Connection.After = async (request, _) =>
        {
            // The last read of the decision. The process stands still before it has the answer.
            if (!hasMarked || hasStood || request is not { Verb: "get", Plural: "servicekeys" })
                return;
            hasStood = true;
            await scenario.Aws.Kms().UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = keyId, PrimaryRegion = "eu-west-1" }, Ct);
            scenario.Operator.Clock.AdvanceTo(scenario.Operator.Clock.GetUtcNow().AddSeconds(seconds));
        };

        await scenario.DeleteAsync("ServiceKey", "multi");
        await scenario.RestAsync();

        Assert.True(hasStood);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "multi")));
        string[] scheduled = [.. (await scenario.Aws.WritesAsync()).Where(write => write.Operation == "ScheduleKeyDeletion").Select(write => write.Region)];
        Assert.True(regions.SequenceEqual(scheduled), $"{why}: {string.Join(", ", scheduled)}");
    }

    [Theory]
    [InlineData("deletionPolicy: Retain", "deletionPolicy: Disable", "Disabled", "the replica is to be disabled")]
    [InlineData("managementPolicy: Observe", "managementPolicy: Full", "Enabled", "the replica is observed no more, and gets its mark")]
    public async Task Whether_a_key_is_left_as_it_is_is_decided_anew_when_the_decision_is_too_old(string before, string after, string state, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]"));
        await scenario.RestAsync();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), $"{{spec: {{{before}}}}}");
        await scenario.RestAsync();
        var hasStood = false;
        scenario.Operator.Connection.After = (request, _) =>
        {
            // The process stands still before it has the answer.
            if (!hasStood && request is { Verb: "get", Plural: "servicekeys" })
            {
                hasStood = true;
                scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "multi"), $"{{spec: {{{after}, replicaRegions: null}}}}");
                scenario.Operator.Clock.AdvanceTo(scenario.Operator.Clock.GetUtcNow().AddSeconds(16));
            }

            return Task.CompletedTask;
        };

        await scenario.DeleteAsync("KeyReplica", "multi-eu-west-1");
        await scenario.RestAsync();

        Assert.True(hasStood);
        var key = (await scenario.Aws.KeysAsync()).Single(key => (string?)key!["region"] == "eu-west-1");
        Assert.True((string?)key!["keyState"] == state, why);
        Assert.True(key["tags"]![TagNames.Released] is not null, why);
    }

    /// <summary>Does something once, just before the operator reads a ServiceKey from the server.</summary>
    /// <returns>Whether that has happened.</returns>
    private static Func<bool> BeforeFirstLook(Scenario scenario, Action act, string plural = "servicekeys")
    {
        var isDone = false;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (!isDone && request.Verb == "get" && request.Plural == plural)
            {
                isDone = true;
                act();
            }

            return Task.CompletedTask;
        };
        return () => isDone;
    }
}
