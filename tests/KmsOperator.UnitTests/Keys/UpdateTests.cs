using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Changes that AWS refuses, and keys that others change.</summary>
public sealed class UpdateTests
{
    private const string ReconcileAt = "kms.servicekey.dev/reconcile-at";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "description: new words", "UpdateKeyDescription", "the description" },
        { "tags: {team: a}", "TagResource", "a tag" },
        { "enabled: false", "DisableKey", "the state" },
        { "alias: alias/renamed", "CreateAlias", "the new name" },
        { "alias: alias/renamed", "DeleteAlias", "the old name" },
        { "access: {users: [App]}", "PutKeyPolicy", "the policy" },
        { "rotation: {periodDays: 90}", "EnableKeyRotation", "the rotation" },
        { "rotation: {enabled: false}", "DisableKeyRotation", "the end of the rotation" },
    };

    [Fact]
    public async Task A_comparison_that_is_asked_for_while_KMS_still_shows_the_time_before_a_change_is_answered_later()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromSeconds(20) } });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var before = await scenario.Aws.WritesAsync();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"description": "changed", "additionalAliases": ["alias/acme/second"]}}""");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        scenario.AssertReady("ServiceKey", "one");

        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "kms.servicekey.dev/reconcile-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        Assert.Null(scenario.Status("ServiceKey", "one", "lastHandledReconcileAt"));
        scenario.AssertReady("ServiceKey", "one");

        await scenario.RestAsync();
        Assert.Equal("now", scenario.Status("ServiceKey", "one", "lastHandledReconcileAt"));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["CreateAlias", "UpdateKeyDescription"], (await scenario.Aws.WritesAsync()).Skip(before.Count).Select(write => write.Operation).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Somebody_else_s_change_is_said_to_be_theirs_also_where_the_first_try_to_put_it_right_failed_in_Kubernetes()
    {
        using var scenario = await ChangedBySomebodyElseAsync();
        var isLost = false;
        scenario.Operator.Connection.After = (request, _) =>
        {
            // The server has recorded that the key is being changed; the operator does not hear of it, and begins anew.
            var loses = !isLost && request is { Plural: "servicekeys", Subresource: "status" };
            isLost |= loses;
            return loses ? throw new HttpRequestException("The answer is lost.") : Task.CompletedTask;
        };

        await AssertPutRightAsync(scenario);
        Assert.True(isLost);
    }

    [Fact]
    public async Task Somebody_else_s_change_is_said_to_be_theirs_also_where_KMS_refused_the_first_try_to_put_it_right()
    {
        using var scenario = await ChangedBySomebodyElseAsync();
        await scenario.BreakAsync("UpdateKeyDescription");
        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "a");
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        await scenario.Aws.ClearFaultsAsync();

        await AssertPutRightAsync(scenario);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_change_that_AWS_refuses_is_told_and_made_later(string change, string operation, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync(operation);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", change));
        await scenario.RestAsync();
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "False", Reason: "AccessDenied" }, $"{why}: {scenario.Condition("ServiceKey", "one", "Ready")}");

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        var ready = scenario.Condition("ServiceKey", "one", "Ready");
        Assert.True(ready is { Status: "True" }, $"{why}: {ready}");
        if (operation == "DeleteAlias")
            Assert.Equal(["alias/renamed"], Scenario.Aliases(await scenario.Aws.KeyAsync()));
    }

    [Fact]
    public async Task A_description_that_is_refused_does_not_hold_back_what_does_not_depend_on_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("UpdateKeyDescription");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "description: new words", "alias: alias/renamed", "rotation: {periodDays: 90}"));
        await scenario.RestAsync();

        var key = await scenario.Aws.KeyAsync();
        Assert.Equal(["alias/renamed"], Scenario.Aliases(key));
        Assert.Equal(90, (int?)key["rotation"]!["periodDays"]);
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
    }

    public static TheoryData<string, string> ForeignChanges => new()
    {
        { "disable", "somebody disables the key" },
        { "describe", "somebody changes the description" },
        { "untag", "somebody takes a tag off" },
        { "rotate", "somebody stops the rotation" },
        { "rename", "somebody moves the alias to another key" },
        { "unname", "somebody deletes the alias" },
        { "policy", "somebody opens the policy" },
        { "delete", "somebody schedules the deletion" },
    };

    [Theory]
    [MemberData(nameof(ForeignChanges))]
    public async Task What_somebody_else_changes_is_put_right_at_the_next_comparison(string change, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {undelete: Allow, aliasTakeOver: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "tags: {team: a}", "deletionPolicy: Retain"));
        await scenario.RestAsync();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();
        var keyId = scenario.Status("ServiceKey", "one", "keyId");
        var kms = scenario.Aws.Kms();
        var other = (await kms.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await (change switch
        {
            "disable" => kms.DisableKeyAsync(new DisableKeyRequest { KeyId = keyId }, Ct),
            "describe" => kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "mine" }, Ct),
            "untag" => kms.UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = ["team"] }, Ct),
            "rotate" => kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = keyId }, Ct),
            "rename" => kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = other }, Ct),
            "unname" => kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/s3" }, Ct),
            "delete" => kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = 7 }, Ct),
            _ => (Task)kms.PutKeyPolicyAsync(
                new PutKeyPolicyRequest
                {
                    KeyId = keyId,
                    Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""",
                },
                Ct),
        });

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(12));

        var after = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == keyId).ToJsonString();
        Assert.True(before == after, $"{why}:\n{before}\n{after}");
        scenario.AssertReady("ServiceKey", "one");
        Assert.Contains(scenario.Events("one"), note => note.Contains("changed by somebody else", StringComparison.Ordinal) || note.Contains("deletion", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deletion_that_somebody_scheduled_is_left_where_the_class_does_not_permit_to_cancel_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), PendingWindowInDays = 7 }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.RestAsync();

        Assert.Equal("PendingDeletion", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task To_create_a_resource_again_undoes_no_deletion_but_its_own()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(
            new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), PendingWindowInDays = 7 }, Ct);
        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        scenario.AssertStalled("ServiceKey", "one", "PendingDeletion");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.RestAsync();
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "PendingDeletion");
        Assert.Contains("not by this operator", scenario.Condition("ServiceKey", "one", "Stalled")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal("PendingDeletion", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task What_somebody_undoes_right_after_the_operator_did_it_is_found_as_soon_as_somebody_asks()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var kms = scenario.Aws.Kms();
        await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);
        await kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/s3" }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(1));

        var key = await scenario.Aws.KeyAsync();
        Assert.True((bool?)key["rotation"]!["enabled"]);
        Assert.Equal(["alias/acme/s3"], Scenario.Aliases(key));
        scenario.AssertReady("ServiceKey", "one");
        Assert.NotNull(scenario.Status("ServiceKey", "one", "lastVerifiedAt"));
    }

    [Fact]
    public async Task A_policy_with_a_principal_that_was_deleted_says_so()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "access: {users: [Worker]}"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/principals", """{"delete": ["arn:aws:iam::123456789012:role/Worker"]}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "access: {users: [Worker, Other]}"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "PrincipalDeleted");
        Assert.Contains("Create the role or user again", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_at_right_after_a_write_believes_KMS_soon()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "description: new words"));
        await scenario.Aws.Kms().UpdateKeyDescriptionAsync(
            new UpdateKeyDescriptionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), Description = "KMS key for encrypting s3" }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));

        Assert.Equal("new words", (string?)(await scenario.Aws.KeyAsync())["description"]);
        Assert.Equal("now", scenario.Status("ServiceKey", "one", "lastHandledReconcileAt"));
    }

    private static async Task<Scenario> ChangedBySomebodyElseAsync()
    {
        var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        await scenario.Aws.Kms().UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "theirs" }, Ct);
        return scenario;
    }

    private static async Task AssertPutRightAsync(Scenario scenario)
    {
        await scenario.AnnotateAsync("ServiceKey", "one", ReconcileAt, "now");
        await scenario.RestAsync();

        Assert.Equal("KMS key for encrypting s3", (string)(await scenario.Aws.KeyAsync())["description"]!);
        Assert.Contains(scenario.Events("one"), note => note.Contains("was changed by somebody else and is put right: UpdateKeyDescription", StringComparison.Ordinal));
    }
}
