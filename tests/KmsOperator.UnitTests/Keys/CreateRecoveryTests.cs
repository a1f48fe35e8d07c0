using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Testing.ApiServer;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>A process that ends between CreateKey and the write of the status, and what may happen to the resource meanwhile.</summary>
public sealed class CreateRecoveryTests
{
    private static readonly string[] Spec = ["service: s3", "additionalAliases: [alias/more]"];

    public static TheoryData<string, string> Changes => new()
    {
        { "", "nothing has changed" },
        { """{"create-attempt": null}""", "the record is gone; the finalizer says that there was one" },
        { """{"create-attempt": null, "create-details": null}""", "the records are gone" },
        { """{"create-attempt": ""}""", "the record is empty" },
        { """{"create-attempt": "rubbish"}""", "the record is malformed" },
        { """{"create-attempt": "a@yesterday"}""", "its time is malformed" },
        { """{"create-attempt": "@2026-01-01T00:00:00Z"}""", "it has no id" },
        { """{"create-attempt": "other@2026-01-01T00:00:00Z"}""", "the record names an attempt that nobody made" },
        { """{"create-attempt": "ATTEMPT@1999-01-01T00:00:00Z"}""", "the attempt seems to be long over" },
        { """{"create-attempt": "ATTEMPT@2999-01-01T00:00:00Z"}""", "the attempt seems to lie ahead" },
        { """{"create-attempt": "RIVAL@2026-01-01T00:00:00Z"}""", "the record names the attempt of another resource, whose key is not this one's" },
        { """{"create-details": null}""", "the details are gone" },
        { """{"create-details": "{"}""", "the details are malformed" },
        { """{"create-details": "{\"className\":7,\"aliases\":{}}"}""", "the details have other types" },
        { """{"create-details": "{\"className\":\"standard\",\"accountId\":\"x\",\"region\":\"nowhere\",\"aliases\":[\"alias/aws/s3\"]}"}""", "the details are none of the operator's" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_key_of_a_process_that_ended_before_it_wrote_the_status_is_found(string annotations, string why)
    {
        using var scenario = await EndedAsync(Spec);
        var rival = (string)(await scenario.Aws.KeysAsync()).Single(IsRivals)["tags"]![TagNames.Attempt]!;
        var made = (await scenario.Aws.KeysAsync()).Single(key => !IsRivals(key));
        Annotate(scenario, annotations.Replace("ATTEMPT", (string)made["tags"]![TagNames.Attempt]!, StringComparison.Ordinal).Replace("RIVAL", rival, StringComparison.Ordinal));

        scenario.Operator.Start();
        await scenario.RestAsync();

        var keys = await scenario.Aws.KeysAsync();
        Assert.True(keys.Count == 2, $"{why}: {keys.Count} keys");
        scenario.AssertReady("ServiceKey", "one");
        Assert.True((string?)made["keyId"] == scenario.Status("ServiceKey", "one", "keyId"), why);
        Assert.Equal(["alias/acme/s3", "alias/more"], Scenario.Aliases(keys.Single(key => !IsRivals(key))).Order());
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_call_that_had_no_effect_is_followed_by_another_one_whatever_the_record_says(string annotations, string why)
    {
        using var scenario = await EndedAsync(Spec, "dropBefore");
        var rival = (string)(await scenario.Aws.KeysAsync()).Single(IsRivals)["tags"]![TagNames.Attempt]!;
        Annotate(scenario, annotations.Replace("RIVAL", rival, StringComparison.Ordinal));

        scenario.Operator.Start();
        await scenario.RestAsync();

        var keys = await scenario.Aws.KeysAsync();
        Assert.True(keys.Count == 2, $"{why}: {keys.Count} keys");
        scenario.AssertReady("ServiceKey", "one");
        Assert.True((string?)keys.Single(key => !IsRivals(key))["keyId"] == scenario.Status("ServiceKey", "one", "keyId"), why);
    }

    [Fact]
    public async Task A_watch_that_lags_does_not_make_a_finished_key_look_unfinished()
    {
        using var scenario = await Scenario.StartAsync();
        var connection = scenario.Operator.Connection;
        var isRecorded = false;
        connection.Before = async (request, token) =>
        {
            isRecorded |= request is { Verb: "patch", Plural: "servicekeys" };
            if (!isRecorded || request is not { Verb: "apply", Plural: "servicekeys" } || connection.HoldsWatches)
                return;

            // The watch still tells of the record of the attempt, and not of the status.
            await Task.Delay(TimeSpan.FromSeconds(1), scenario.Operator.Clock, token);
            connection.HoldsWatches = true;
        };

        // The comparison after the consistency window comes before the watch goes on.
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        connection.Before = null;
        connection.HoldsWatches = false;
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Single(await scenario.Aws.KeysAsync());
        Assert.DoesNotContain(scenario.User.List("Event"), one => ((string)one["note"]!).Contains("alias and rotation follow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Aliases_that_the_spec_no_longer_names_are_removed_although_no_status_had_them()
    {
        using var scenario = await EndedAsync(Spec);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"spec": {"alias": "alias/new", "additionalAliases": null}}""");

        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(11));

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["alias/new"], Scenario.Aliases((await scenario.Aws.KeysAsync()).Single(key => !IsRivals(key))));
    }

    [Fact]
    public async Task A_class_of_another_Region_gets_no_second_key_and_a_person_is_told()
    {
        using var scenario = await EndedAsync([.. Spec, "className: standard"]);
        scenario.User.Apply(Scenario.Class().Replace("name: standard\n  annotations: {kms.servicekey.dev/is-default-class: \"true\"}", "name: away", StringComparison.Ordinal).Replace("us-east-1", "eu-west-1", StringComparison.Ordinal));
        SetClass(scenario, "away");

        scenario.Operator.Start();
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);

        SetClass(scenario, "standard");
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Theory]
    [InlineData("""{"metadata": {}}""", "the record is there")]
    [InlineData("""{"metadata": {"annotations": {"kms.servicekey.dev/create-attempt": null}}}""", "the record is gone")]
    public async Task A_resource_that_is_deleted_meanwhile_takes_its_key_along(string patch, string why)
    {
        using var scenario = await EndedAsync([.. Spec, "deletionPolicy: Delete"]);
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), patch);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));

        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.True((string?)(await scenario.Aws.KeysAsync()).Single(key => !IsRivals(key))["keyState"] == "PendingDeletion", why);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
    }

    [Theory]
    [InlineData(null, "the call had its effect")]
    [InlineData("dropBefore", "the call had none")]
    public async Task An_attempt_that_an_older_operator_recorded_in_the_status_is_settled(string? fault, string why)
    {
        using var scenario = await EndedAsync(Spec, fault);
        var made = await scenario.Aws.KeysAsync();

        // The present CRD has no status.creation, so a server cuts it off; the rest of what the older operator recorded stays.
        Annotate(scenario, """{"create-attempt": null, "create-details": null}""");
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """
            {"status": {
              "observedGeneration": 1, "accountId": "123456789012", "region": "us-east-1", "className": "standard", "service": "s3",
              "pendingAliasName": "alias/acme/s3", "formerAliasNames": ["alias/more"], "creation": {"attemptId": "a", "startedAt": "2026-01-01T00:00:00Z"}}}
            """, "status");

        scenario.Operator.Start();
        await scenario.RestAsync();

        var keys = await scenario.Aws.KeysAsync();
        Assert.True(keys.Count == 2, $"{why}: {keys.Count} keys");
        Assert.True(fault is not null || made.Count == 2, why);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(["alias/acme/s3", "alias/more"], Scenario.Aliases(keys.Single(key => !IsRivals(key))).Order());
    }

    [Fact]
    public async Task A_call_that_KMS_refuses_leaves_neither_record_nor_finalizer()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("CreateKey");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        // The operator asks again after a while, and not as soon as it sees its own write.
        Assert.InRange(await scenario.CallsAsync("CreateKey"), 1, 10);
        var metadata = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["metadata"]!;
        Assert.Empty(metadata["finalizers"]?.AsArray() ?? []);
        Assert.Null(metadata["annotations"]?[AnnotationNames.CreateAttempt]);
        Assert.Null(metadata["annotations"]?[AnnotationNames.CreateDetails]);

        // Another process has nothing to find out, and creates the key at once.
        await scenario.Aws.ClearFaultsAsync();
        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task The_record_stays_with_the_resource_where_its_finalizer_is_put_back()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var id = Scenario.Id("ServiceKey", "one");
        Assert.NotNull(scenario.User.Get("ServiceKey", id)["metadata"]!["annotations"]![AnnotationNames.CreateAttempt]);

        scenario.User.Patch("ServiceKey", id, """{"metadata": {"finalizers": null}}""");
        await scenario.Operator.SettleAsync();

        var metadata = scenario.User.Get("ServiceKey", id)["metadata"]!;
        Assert.Equal([ApiGroup.Finalizer], metadata["finalizers"]!.AsArray().Select(one => (string?)one));
        Assert.NotNull(metadata["annotations"]?[AnnotationNames.CreateAttempt]);
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_finalizer_that_is_taken_off_in_the_middle_of_a_create_makes_no_second_key()
    {
        // KMS does not show the key yet, so only the record can tell of it.
        using var scenario = await EndedAsync(["service: s3"], options: new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(1) } });
        var id = Scenario.Id("ServiceKey", "one");
        scenario.User.Patch("ServiceKey", id, """{"metadata": {"finalizers": null}}""");

        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));
        var metadata = scenario.User.Get("ServiceKey", id)["metadata"]!;
        Assert.Equal([ApiGroup.Finalizer], metadata["finalizers"]!.AsArray().Select(one => (string?)one));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Single(await scenario.Aws.KeysAsync(), key => (string?)key["tags"]!["servicekey.dev/owner"] == "ServiceKey/team/one");
    }

    [Fact]
    public async Task A_record_that_came_with_a_copied_manifest_is_not_this_resource_s()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var metadata = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["metadata"]!;

        await scenario.ApplyAsync(Scenario.Key("two", "service: s3").Replace(
            "metadata: {name: two}", $"metadata: {{name: two, annotations: {metadata["annotations"]!.ToJsonString()}}}", StringComparison.Ordinal));

        scenario.AssertReady("ServiceKey", "two");
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
        Assert.NotEqual(scenario.Status("ServiceKey", "one", "keyId"), scenario.Status("ServiceKey", "two", "keyId"));
    }

    [Fact]
    public async Task GitOps_tools_see_the_record_as_the_operator_s_own_field()
    {
        using var scenario = await Scenario.StartAsync();
        var git = Scenario.Key("one", "service: s3").Replace("name: one", "name: one, annotations: {team: a}", StringComparison.Ordinal);
        var tool = new ClusterUser(scenario.Operator.Server, "argocd-controller");
        tool.Apply(git, Scenario.Namespace);
        await scenario.Operator.SettleAsync();
        var id = Scenario.Id("ServiceKey", "one");
        var before = scenario.User.Get("ServiceKey", id)["metadata"]!["annotations"]!.ToJsonString();

        // What Git has is applied again: the operator's annotations are not the tool's, and stay.
        tool.Apply(git, Scenario.Namespace);
        await scenario.Operator.SettleAsync();

        Assert.Contains(AnnotationNames.CreateAttempt, before, StringComparison.Ordinal);
        Assert.Equal(before, scenario.User.Get("ServiceKey", id)["metadata"]!["annotations"]!.ToJsonString());
        var owner = scenario.User.Get("ServiceKey", id)["metadata"]!["managedFields"]!.AsArray()
            .Where(entry => entry!["fieldsV1"]?["f:metadata"]?["f:annotations"]?[$"f:{AnnotationNames.CreateAttempt}"] is not null)
            .Select(entry => (string?)entry!["manager"]);
        Assert.Equal([ApiGroup.FieldManager], owner);
    }

    /// <summary>A cluster whose operator was ended after CreateKey, alias and rotation, before it wrote the status. Another resource has a key.</summary>
    private static async Task<Scenario> EndedAsync(string[] spec, string? fault = null, OperatorTestOptions? options = null)
    {
        var scenario = await Scenario.StartAsync(options);
        await scenario.ApplyAsync(Scenario.Key("rival", "service: sqs"));
        if (fault is not null)
            await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "CreateKey", "kind": "{{fault}}"}""");
        var connection = scenario.Operator.Connection;
        connection.Before = (request, _) =>
        {
            connection.IsUnavailable |= request is { Plural: "servicekeys", Subresource: "status" };
            return Task.CompletedTask;
        };
        scenario.User.Apply(Scenario.Key("one", spec), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        scenario.Operator.Kill();

        Assert.Equal(fault is null ? 2 : 1, (await scenario.Aws.KeysAsync()).Count);
        Assert.Null(scenario.Status("ServiceKey", "one", "keyId"));
        var annotations = (JsonObject)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["metadata"]!["annotations"]!;
        Assert.Matches("^.+@20..-..-..T..:..:..Z$", (string?)annotations[AnnotationNames.CreateAttempt]);
        return scenario;
    }

    private static bool IsRivals(JsonObject key) => (string?)key["tags"]![TagNames.Owner] == "ServiceKey/team/rival";

    private static void Annotate(Scenario scenario, string annotations)
    {
        if (annotations.Length == 0)
            return;
        var patch = new JsonObject(((JsonObject)JsonNode.Parse(annotations)!).Select(one => KeyValuePair.Create($"{ApiGroup.Name}/{one.Key}", one.Value?.DeepClone())));
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = patch } }.ToJsonString());
    }

    private static void SetClass(Scenario scenario, string name) =>
        scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $$$"""{"spec": {"className": "{{{name}}}"}}""");
}
