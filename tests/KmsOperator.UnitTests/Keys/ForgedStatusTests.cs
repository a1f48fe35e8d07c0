using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class ForgedStatusTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<bool, bool, string> Forgeries => new()
    {
        { true, false, "another resource's key, by its tags" },
        { true, true, "also where a new process sees the forged status first" },
        { false, false, "a key of nobody known has no tags that speak against it" },
        { false, true, "and a new process knows nothing but the tags" },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_status_that_names_another_key_is_put_right_and_that_key_is_left_alone(bool isAnothers, bool restarts, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "two");
        var other = isAnothers ? KeyId(scenario, "one") : await MakeByHandAsync(scenario);
        var before = await FindAsync(scenario, other);

        if (restarts)
            scenario.Operator.Kill();
        Forge(scenario, "two", other);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "two"), """{"spec": {"description": "changed"}}""");
        if (restarts)
            scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.True(own == KeyId(scenario, "two"), why);
        scenario.AssertReady("ServiceKey", "two");
        Assert.Equal("changed", (string?)(await FindAsync(scenario, own))["description"]);
        Assert.True(JsonNode.DeepEquals(before["tags"], (await FindAsync(scenario, other))["tags"]), why);
        Assert.True(JsonNode.DeepEquals(before["aliases"], (await FindAsync(scenario, other))["aliases"]), why);
        Assert.Equal((string?)before["description"], (string?)(await FindAsync(scenario, other))["description"]);
    }

    [Theory]
    [InlineData(false, "the process knows its own key")]
    [InlineData(true, "the tags of its own key say so")]
    public async Task A_key_that_looks_like_the_resources_is_not_taken_where_its_own_is_known(bool restarts, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(Long);
        var (other, own) = (KeyId(scenario, "one"), KeyId(scenario, "two"));

        // The operator made it, it has no owner tag, and no resource has it.
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"metadata": {"finalizers": []}}""");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = other, TagKeys = [TagNames.Owner, TagNames.Cluster, TagNames.Uid] }, Ct);
        if (restarts)
            scenario.Operator.Kill();
        Forge(scenario, "two", other);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "two"), """{"spec": {"description": "changed"}}""");
        if (restarts)
            scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.True(own == KeyId(scenario, "two"), why);
        scenario.AssertReady("ServiceKey", "two");
        Assert.Null((await FindAsync(scenario, other))["tags"]![TagNames.Owner]);
    }

    [Theory]
    [InlineData("one", "the status names another resource's key")]
    [InlineData("two", "the status names the resource's own key, and only its alias was taken out")]
    public async Task An_alias_that_is_changed_while_a_forged_status_hides_it_does_not_stay_behind(string named, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "two");

        scenario.User.Patch(
            "ServiceKey",
            Scenario.Id("ServiceKey", "two"),
            $$$"""{"status": {"keyId": "{{{KeyId(scenario, named)}}}", "aliasName": null, "desiredSha256": null}}""",
            "status");
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "two"), """{"spec": {"alias": "alias/acme/changed"}}""");
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal(own, KeyId(scenario, "two"));
        Assert.True(Scenario.Aliases(await FindAsync(scenario, own)) is ["alias/acme/changed"], why);
    }

    [Theory]
    [InlineData(false, "the process that made the alias has written no status of the key yet")]
    [InlineData(true, "and the next one knows nothing but the record of the attempt")]
    public async Task An_alias_that_is_changed_when_a_status_is_forged_just_as_the_key_gets_it_does_not_stay_behind(bool restarts, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var isForged = false;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (!isForged && request is { Verb: "apply", Plural: "servicekeys", Subresource: "status" })
            {
                isForged = true;
                Forge(scenario, "two", KeyId(scenario, "one"));
                scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "two"), """{"spec": {"alias": "alias/acme/changed"}}""");
                if (restarts)
                    return new TaskCompletionSource().Task;
            }

            return Task.CompletedTask;
        };
        scenario.User.Apply(Scenario.Key("two", "service: sqs"), Scenario.Namespace);
        await scenario.Operator.SettleAsync();
        if (restarts)
            scenario.Operator.CrashAndRestart();
        await scenario.RestAsync();

        Assert.True(isForged);
        Assert.NotEqual(KeyId(scenario, "one"), KeyId(scenario, "two"));
        scenario.AssertReady("ServiceKey", "two");
        Assert.True(Scenario.Aliases(await FindAsync(scenario, KeyId(scenario, "two"))) is ["alias/acme/changed"], why);
    }

    [Fact]
    public async Task A_deletion_schedules_the_resources_own_key_and_not_the_one_that_a_forged_status_names()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "deletionPolicy: Delete"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "one");
        var other = await MakeByHandAsync(scenario);

        scenario.Operator.Kill();
        Forge(scenario, "one", other);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal("Enabled", (string?)(await FindAsync(scenario, other))["keyState"]);
        Assert.Equal("PendingDeletion", (string?)(await FindAsync(scenario, own))["keyState"]);
    }

    [Fact]
    public async Task A_key_without_owner_tags_is_not_taken_where_somebody_scheduled_the_deletion_of_the_resources_own_one()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.RestAsync();
        var (other, own) = (KeyId(scenario, "one"), KeyId(scenario, "two"));
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = own, PendingWindowInDays = 7 }, Ct);

        // The operator made it, it has no owner tag, and no resource has it. A process that starts remembers nothing.
        scenario.Operator.Kill();
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"metadata": {"finalizers": []}}""");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await UnmarkAsync(scenario, other);
        Forge(scenario, "two", other);
        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.Equal(own, KeyId(scenario, "two"));
        Assert.Equal("PendingDeletion", scenario.Condition("ServiceKey", "two", "Ready")?.Reason);
        Assert.Null((await FindAsync(scenario, other))["tags"]!["servicekey.dev/owner"]);
    }

    [Fact]
    public async Task A_key_that_a_forged_status_names_is_not_taken_for_gone_because_KMS_did_not_show_the_resources_own_one()
    {
        HashSet<string> hidden = [];
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = aws => new HidingHandler(aws, hidden) });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.RestAsync();
        var (own, other) = (KeyId(scenario, "one"), KeyId(scenario, "two"));

        hidden.UnionWith([own, other]);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(4));
        hidden.Remove(own);
        Forge(scenario, "one", other);
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.NotNull((await FindAsync(scenario, own))["tags"]!["servicekey.dev/released"]);
        Assert.Null((await FindAsync(scenario, other))["tags"]!["servicekey.dev/released"]);
    }

    [Fact]
    public async Task Where_the_resources_own_key_is_not_found_either_nothing_is_done()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "one");
        var other = await MakeByHandAsync(scenario);
        var tags = (await FindAsync(scenario, own))["tags"]!.AsObject().Select(tag => tag.Key).Where(tag => tag.StartsWith("servicekey.dev/", StringComparison.Ordinal));

        scenario.Operator.Kill();
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = own, TagKeys = [.. tags] }, Ct);
        Forge(scenario, "one", other);
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        scenario.AssertStalled("ServiceKey", "one", "KeyConflict");
        Assert.Empty((await FindAsync(scenario, other))["tags"]!.AsObject());
        Assert.Equal(2, await scenario.CallsAsync("CreateKey"));
    }

    [Fact]
    public async Task A_key_whose_marks_were_taken_off_gets_them_back_also_from_a_new_process()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "one");

        scenario.Operator.Kill();
        await UnmarkAsync(scenario, own);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"description": "changed"}}""");
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("ServiceKey/team/one", (string?)(await FindAsync(scenario, own))["tags"]!["servicekey.dev/owner"]);
    }

    [Fact]
    public async Task The_process_that_knew_the_key_puts_it_back_also_where_its_marks_were_taken_off()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "two");

        await UnmarkAsync(scenario, own);
        Forge(scenario, "two", KeyId(scenario, "one"));
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal(own, KeyId(scenario, "two"));
        scenario.AssertReady("ServiceKey", "two");
        Assert.Equal("ServiceKey/team/two", (string?)(await FindAsync(scenario, own))["tags"]!["servicekey.dev/owner"]);
    }

    [Theory]
    [InlineData("deletion", "a key that is about to go is of no use to the resource")]
    [InlineData("owner", "somebody has given the key to another resource")]
    [InlineData("holder", "another resource has the key by its status")]
    public async Task The_process_that_knew_the_key_leaves_it_alone_where_it_is_no_longer_the_resources(string change, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs") + Scenario.Key("three", "service: sns"));
        await scenario.Operator.SettleAsync(Long);
        var own = KeyId(scenario, "two");
        await scenario.ApplyAsync(Scenario.Key("three", "service: sns", "suspend: true"));

        await UnmarkAsync(scenario, own);
        if (change == "deletion")
            await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = own, PendingWindowInDays = 7 }, Ct);
        else if (change == "owner")
            await scenario.Aws.Kms().TagResourceAsync(new TagResourceRequest { KeyId = own, Tags = [new Tag { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/other/x" }] }, Ct);
        else
            Forge(scenario, "three", own);
        var before = (await FindAsync(scenario, own)).ToJsonString();
        Forge(scenario, "two", KeyId(scenario, "one"));
        await scenario.Operator.SettleAsync(Long);

        scenario.AssertStalled("ServiceKey", "two", "KeyConflict");
        Assert.True((await FindAsync(scenario, own)).ToJsonString() == before, why);
    }

    [Fact]
    public async Task A_replica_whose_status_names_another_key_gets_its_own_back()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: ebs", "multiRegion: true", "replicaRegions: [eu-west-1]"));
        await scenario.Operator.SettleAsync(Long);
        var own = scenario.Status("KeyReplica", "one-eu-west-1", "keyId");
        var other = (await scenario.Aws.Kms("eu-west-1").CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata;

        scenario.User.Patch(
            "KeyReplica", Scenario.Id("KeyReplica", "one-eu-west-1"), $$$"""{"status": {"keyId": "{{{other.KeyId}}}", "arn": "{{{other.Arn}}}", "desiredSha256": null}}""", "status");
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal(own, scenario.Status("KeyReplica", "one-eu-west-1", "keyId"));
        scenario.AssertReady("KeyReplica", "one-eu-west-1");
        scenario.AssertReady("ServiceKey", "one");
    }

    [Theory]
    [InlineData("Retain", "the key is not marked as left")]
    [InlineData("Delete", "the key is not deleted")]
    public async Task A_deletion_leaves_a_key_that_another_resource_has_although_it_lost_its_owner_tags(string policy, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "alias: alias/wanted"));
        await scenario.ApplyAsync(Scenario.Key("two", "service: s3", "alias: alias/wanted", $"deletionPolicy: {policy}"));
        await scenario.Operator.SettleAsync(Long);
        var other = KeyId(scenario, "one");

        // Without a key, the status of the second one does not say in which account its key would be.
        Forge(scenario, "two", other);
        await UnmarkAsync(scenario, other);
        await scenario.DeleteAsync("ServiceKey", "two");
        await scenario.RestAsync();

        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "two")));
        var key = await FindAsync(scenario, other);
        Assert.True((string?)key["keyState"] == "Enabled" && key["tags"]![TagNames.Released] is null, why);
    }

    [Fact]
    public async Task A_key_without_an_owner_tag_that_another_resource_has_is_not_the_resources_although_the_operator_made_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs"));
        await scenario.Operator.SettleAsync(Long);
        var (other, own) = (KeyId(scenario, "one"), KeyId(scenario, "two"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "suspend: true"));

        scenario.Operator.Kill();
        await UnmarkAsync(scenario, other);
        Forge(scenario, "two", other);
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal(own, KeyId(scenario, "two"));
        Assert.Null((await FindAsync(scenario, other))["tags"]!["servicekey.dev/owner"]);
    }

    [Fact]
    public async Task A_spec_that_adopts_one_key_does_not_make_another_one_the_resources()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var (own, other) = (await MakeByHandAsync(scenario), await MakeByHandAsync(scenario));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {own}}}"));
        await scenario.Operator.SettleAsync(Long);

        scenario.Operator.Kill();
        Forge(scenario, "one", other);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"description": "changed"}}""");
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.Equal(own, KeyId(scenario, "one"));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Empty((await FindAsync(scenario, other))["tags"]!.AsObject());
    }

    [Fact]
    public async Task An_alias_that_points_at_another_resources_key_does_not_make_it_the_resources_also_where_adoption_is_allowed()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var held = await MakeByHandAsync(scenario);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {held}}}") + Scenario.Key("two", "service: sqs", "alias: alias/acme/mine"));
        await scenario.Operator.SettleAsync(Long);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {held}}}", "suspend: true"));

        scenario.Operator.Kill();
        await UnmarkAsync(scenario, held);
        await UnmarkAsync(scenario, KeyId(scenario, "two"));
        await scenario.Aws.Kms().UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/acme/mine", TargetKeyId = held }, Ct);
        Forge(scenario, "two", held);
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        scenario.AssertStalled("ServiceKey", "two", "KeyConflict");
        Assert.Null((await FindAsync(scenario, held))["tags"]!["servicekey.dev/owner"]);
    }

    private static async Task UnmarkAsync(Scenario scenario, string keyId) => await scenario.Aws.Kms().UntagResourceAsync(
        new UntagResourceRequest { KeyId = keyId, TagKeys = ["servicekey.dev/owner", "servicekey.dev/cluster", "servicekey.dev/uid"] }, Ct);

    private static async Task<string> MakeByHandAsync(Scenario scenario) =>
        (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { Description = "made by hand" }, Ct)).KeyMetadata.KeyId;

    private static void Forge(Scenario scenario, string name, string keyId) => scenario.User.Patch(
        "ServiceKey",
        Scenario.Id("ServiceKey", name),
        $$$"""{"status": {"keyId": "{{{keyId}}}", "arn": "arn:aws:kms:us-east-1:111122223333:key/{{{keyId}}}", "desiredSha256": null}}""",
        "status");

    private static string KeyId(Scenario scenario, string name) => (string)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", name))["status"]!["keyId"]!;

    private static async Task<JsonObject> FindAsync(Scenario scenario, string keyId) =>
        (await scenario.Aws.KeysAsync()).Single(key => ((string)key["arn"]!).EndsWith(keyId, StringComparison.Ordinal));

    /// <summary>KMS that does not show some keys.</summary>
    private sealed class HidingHandler(HttpMessageHandler inner, HashSet<string> hidden) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            return !hidden.Any(keyId => body.Contains(keyId, StringComparison.Ordinal)) ? await base.SendAsync(request, cancellationToken) : new HttpResponseMessage(HttpStatusCode.BadRequest)
            {
                RequestMessage = request,
                Content = new StringContent("""{"__type": "NotFoundException", "message": "Key does not exist."}""", Encoding.UTF8, "application/x-amz-json-1.1"),
            };
        }
    }
}
