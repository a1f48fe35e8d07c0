using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Deletions of resources whose key cannot be taken care of in the usual way: there is none, it is not known, or it cannot be reached.</summary>
public sealed class DeleteWithoutKeyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resource_whose_creation_had_no_effect_goes_when_that_is_certain()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.BreakAsync("CreateKey", "dropBefore");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    [Theory]
    [InlineData("Retain", "Enabled", "the key that the lost call made is released")]
    [InlineData("Delete", "PendingDeletion", "the key that the lost call made is scheduled for deletion")]
    public async Task A_key_that_a_call_without_an_answer_made_is_found_before_the_resource_goes(string policy, string state, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "dropAfter"}""");
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((string?)(await scenario.Aws.KeyAsync())["keyState"] == state, why);
    }

    [Theory]
    [InlineData("ListKeys", "the search for the key that a lost call may have made fails")]
    [InlineData("ListResourceTags", "the tags that would tell are not readable")]
    public async Task While_the_search_for_a_key_is_refused_the_resource_stays(string operation, string why)
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "dropAfter"}""");
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        await scenario.BreakAsync(operation);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.RestAsync();
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("Delete", "PendingDeletion", true, "the class's deletion policy counts also after the status is gone")]
    [InlineData("Retain", "Enabled", true, "the key is released, so that people find it")]
    [InlineData("Delete", "PendingDeletion", false, "the process that wrote the status knows the key as well")]
    public async Task A_resource_whose_status_was_erased_takes_care_of_its_key_before_it_goes(string policy, string state, bool restarts, string why)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.Operator.Kill();
        if (!restarts)
            scenario.Operator.Start();
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        if (restarts)
            scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == state, why);
        Assert.Equal(policy == "Retain", key["tags"]!["servicekey.dev/released"] is not null);
    }

    [Theory]
    [InlineData("Delete", "PendingDeletion", "the spec says so, and nobody else knows the key")]
    [InlineData("Disable", "Disabled", "the spec says so, and nobody else knows the key")]
    [InlineData("Retain", "Enabled", "the key gets the mark by which people find it")]
    public async Task A_process_takes_care_of_a_key_that_was_taken_back_and_whose_owner_tags_and_status_were_taken_off(string policy, string state, string why)
    {
        // The record of an attempt would lead to a key that was made for this resource. There is none for a key that an earlier one left.
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");

        await RemoveOwnerTagsAsync(scenario);
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        var key = await scenario.Aws.KeyAsync();
        Assert.True((string?)key["keyState"] == state, why);
        Assert.Equal(policy != "Delete", key["tags"]!["servicekey.dev/released"] is not null);
    }

    [Fact]
    public async Task A_resource_without_status_and_without_key_goes()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.Operator.Kill();
        await RemoveOwnerTagsAsync(scenario);
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task The_search_for_a_key_whose_status_was_erased_may_be_refused_for_a_while()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        scenario.Operator.Kill();
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.BreakAsync("ListKeys");

        scenario.Operator.Start();
        await scenario.RestAsync();
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    public static TheoryData<string, bool, string> ClassesThatAreGone => new()
    {
        { "deletionPolicy: Delete", false, "without credentials nothing can be scheduled, and the key must not be forgotten" },
        { "deletionPolicy: Retain", true, "a key that stays needs nothing; only its tag cannot be written" },
    };

    [Theory]
    [MemberData(nameof(ClassesThatAreGone))]
    public async Task A_resource_whose_class_is_gone_waits_only_if_its_key_is_to_be_deleted(string policy, bool goes, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", policy));
        await scenario.RestAsync();
        scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "standard"));
        await scenario.Operator.SettleAsync();

        await scenario.DeleteAsync("ServiceKey", "one");

        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is null == goes, why);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        if (goes)
            return;
        scenario.AssertStalled("ServiceKey", "one", "ClassNotFound");
        await scenario.ApplyAsync(Scenario.Class());
        await scenario.RestAsync();
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("Delete", null, "without credentials nobody can look for the key, and it must not be forgotten")]
    [InlineData("Disable", null, "the key may be in use until somebody disables it")]
    [InlineData("Retain", "is retained", "a key that stays needs nothing")]
    [InlineData("Delete", "Observe", "a resource that only observes changes nothing in AWS")]
    public async Task A_resource_whose_status_and_class_are_gone_waits_only_if_its_key_is_to_be_deleted_or_disabled(string policy, string? note, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"deletionPolicy: {policy}"));
        await scenario.RestAsync();
        scenario.Operator.Kill();
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/create-attempt", null);
        scenario.EraseStatus("ServiceKey", "one");
        if (note == "Observe")
            scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"managementPolicy": "Observe"}}""");
        scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "standard"));
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is null == note is not null, why);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        if (note is not null)
        {
            Assert.Contains(scenario.Events("one"), one => one.Contains("whose status was lost", StringComparison.Ordinal) && one.Contains(note, StringComparison.Ordinal));
            return;
        }

        scenario.AssertStalled("ServiceKey", "one", "ClassNotFound");
        await scenario.ApplyAsync(Scenario.Class());
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal(policy == "Delete" ? "PendingDeletion" : "Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_resource_whose_status_was_lost_stays_until_KMS_must_show_its_key()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.Operator.Kill();
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/create-attempt", null);
        await RemoveOwnerTagsAsync(scenario);
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.Operator.SettleAsync();
        Assert.Equal("Deleting", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Contains("KMS shows no key with its tags", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_class_that_is_gone_takes_its_deletion_policy_not_along()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete", "pendingDeletionWindowDays: 9");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.DeleteAsync("KeyClass", "standard");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "ClassNotFound");
        Assert.Contains("Put the class back", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.ApplyAsync(Scenario.Class("deletionPolicy: Delete"));
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_resource_whose_namespace_is_deleted_does_not_wait_for_a_class_that_is_gone()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "standard"));
        await scenario.Operator.SettleAsync();

        scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        scenario.Operator.Server.FinalizeNamespaces();
        await scenario.RestAsync();

        Assert.True(scenario.Operator.Server.FinalizeNamespaces());
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("managementPolicy: Observe", "a resource that only observes changes nothing in AWS")]
    [InlineData("suspend: true", "a suspended resource waits")]
    public async Task A_resource_that_may_not_touch_its_key_leaves_it_as_it_is(string field, string why)
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", field));

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.True((await scenario.Aws.KeyAsync()).ToJsonString() == before, why);
        var waits = scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null;
        Assert.Equal(field == "suspend: true", waits);
    }

    [Fact]
    public async Task A_suspended_resource_that_observed_goes_with_its_namespace()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "suspend: true"));

        scenario.User.Delete("Namespace", new("", Scenario.Namespace));
        scenario.Operator.Server.FinalizeNamespaces();
        await scenario.RestAsync();

        Assert.True(scenario.Operator.Server.FinalizeNamespaces());
        Assert.Equal(before, (await scenario.Aws.KeyAsync()).ToJsonString());
    }

    [Theory]
    [InlineData("Retain")]
    [InlineData("Delete")]
    public async Task A_resource_whose_key_is_gone_from_KMS_goes_after_a_consistency_window(string policy)
    {
        using var scenario = await Scenario.StartAsync($"deletionPolicy: {policy}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await VanishAsync(scenario);

        await scenario.DeleteAsync("ServiceKey", "one");
        Assert.Equal("Deleting", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);

        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Theory]
    [InlineData("DescribeKey", "what may not be read is not scheduled for deletion")]
    [InlineData("ListResourceTags", "the tags say whose key it is")]
    [InlineData("ScheduleKeyDeletion", "the deletion itself is refused")]
    [InlineData("GetKeyLastUsage", "the guard cannot tell whether the key is in use")]
    public async Task A_deletion_that_AWS_refuses_waits_until_it_is_permitted(string operation, string why)
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync(operation);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.True(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")) is not null, why);
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_key_that_another_resource_took_over_meanwhile_is_left_to_it()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId")!;
        scenario.Operator.Kill();
        Tag[] tags =
        [
            new() { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/elsewhere/other" },
            new() { TagKey = "servicekey.dev/uid", TagValue = "other" },
        ];
        await scenario.Aws.Kms().TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = [.. tags] }, Ct);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Theory]
    [InlineData("managementPolicy: Observe", "a resource that only observes looks for no key")]
    [InlineData("className: gone", "without the class there are no credentials to look with")]
    public async Task A_resource_whose_status_was_erased_goes_where_its_key_may_not_be_looked_for(string field, string why)
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Class("deletionPolicy: Delete").Replace("name: standard", "name: gone", StringComparison.Ordinal));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "className: gone"));
        await scenario.RestAsync();
        scenario.Operator.Kill();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();
        scenario.EraseStatus("ServiceKey", "one");
        if (field == "className: gone")
            scenario.User.Delete("KeyClass", Scenario.Id("KeyClass", "gone"));
        else
            scenario.User.Apply(Scenario.Key("one", "service: s3", "className: gone", field), Scenario.Namespace);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.True((await scenario.Aws.KeyAsync()).ToJsonString() == before, why);
    }

    [Fact]
    public async Task The_key_of_a_lost_call_is_found_also_when_the_resource_only_observes_by_now()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "dropAfter"}""");
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        scenario.User.Apply(Scenario.Key("one", "service: s3", "managementPolicy: Observe"), Scenario.Namespace);

        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Contains(scenario.Events("one"), note => note.Contains("stays as it is: managementPolicy: Observe writes nothing", StringComparison.Ordinal));
    }

    private static async Task RemoveOwnerTagsAsync(Scenario scenario)
    {
        var key = await scenario.Aws.KeyAsync();
        var names = key["tags"]!.AsObject().Select(tag => tag.Key).Where(name => name.StartsWith("servicekey.dev/", StringComparison.Ordinal));
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = (string)key["keyId"]!, TagKeys = [.. names] }, Ct);
    }

    /// <summary>Somebody schedules the deletion of the only key, and KMS deletes it while the operator is not there.</summary>
    private static async Task VanishAsync(Scenario scenario)
    {
        scenario.Operator.Kill();
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(
            new ScheduleKeyDeletionRequest { KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!, PendingWindowInDays = 7 }, Ct);
        await scenario.Aws.PostAsync("/_sim/clock", """{"advanceSeconds": 700000}""");
        Assert.Empty(await scenario.Aws.KeysAsync());
        scenario.Operator.Start();
    }
}
