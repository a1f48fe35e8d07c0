using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class GrantTests
{
    private const string A = "{name: a, granteePrincipal: App, operations: [Decrypt]}";
    private const string ChangedA = "{name: a, granteePrincipal: App, operations: [Decrypt, Encrypt]}";
    private const string B = "{name: b, granteePrincipal: \"arn:aws:iam::210987654321:role/Theirs\", operations: [Encrypt], encryptionContextSubset: {stage: live}}";
    private const string C = "{name: c, granteeServicePrincipal: airflow.us-east-1.amazonaws.com, sourceArn: \"arn:aws:airflow:us-east-1:123456789012:environment/e\", operations: [Decrypt]}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string[], string> Changes => new()
    {
        { "[]", $"[{A}, {B}]", ["a App Decrypt", "b Theirs Encrypt"], "two are added" },
        { $"[{A}, {B}]", $"[{B}]", ["b Theirs Encrypt"], "one is removed" },
        { $"[{A}]", "[]", [], "all are removed" },
        { $"[{A}]", $"[{ChangedA}]", ["a App Decrypt,Encrypt"], "one is changed" },
        { $"[{A}, {B}]", $"[{B}, {A}]", ["a App Decrypt", "b Theirs Encrypt"], "the order does not matter" },
        { $"[{ChangedA}]", "[{name: a, granteePrincipal: \"arn:aws:iam::123456789012:role/App\", operations: [Encrypt, Decrypt]}]", ["a App Decrypt,Encrypt"], "the same in other words" },
        { $"[{A}]", $"[{C}]", ["c airflow.us-east-1.amazonaws.com Decrypt"], "a service takes the place of a role" },
        { $"[{A}]", "[{name: z, granteePrincipal: App, operations: [Decrypt]}]", ["z App Decrypt"], "one is renamed" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_key_has_the_grants_that_the_spec_lists_and_no_others(string before, string after, string[] grants, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: {before}"));
        scenario.AssertReady("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: {after}"));
        scenario.AssertReady("ServiceKey", "one");
        await scenario.RestAsync();

        var actual = await GrantsAsync(scenario);
        Assert.True(grants.SequenceEqual(actual), $"{why}: {string.Join("; ", actual)}");
        scenario.AssertReady("ServiceKey", "one");
        var status = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!;
        Assert.Equal(grants.Select(grant => grant.Split(' ')[0]), status["grants"]?.AsArray().Select(grant => (string?)grant!["name"]) ?? []);
        Assert.All(status["grants"]?.AsArray() ?? [], grant => Assert.Equal(64, ((string)grant!["grantId"]!).Length));
        Assert.Null(status["formerGrantNames"]);
    }

    [Fact]
    public async Task A_key_without_grants_is_never_asked_for_them()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "description: new words"));
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        Assert.Equal(0, await scenario.CallsAsync("ListGrants"));
    }

    [Fact]
    public async Task Grants_of_others_are_left_alone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        foreach (var name in (string?[])[null, "a", "other"])
        {
            await scenario.Aws.Kms().CreateGrantAsync(new CreateGrantRequest { KeyId = keyId, Name = name, GranteePrincipal = "arn:aws:iam::123456789012:role/Other", Operations = ["Encrypt"] }, Ct);
        }

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{ChangedA}]"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.Equal(3, (await scenario.Aws.KeyAsync())["grants"]!.AsArray().Count);
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task The_new_grant_is_made_before_the_old_one_is_revoked_and_if_it_is_refused_the_old_one_stays()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}, {B}]"));
        await scenario.RestAsync();
        await scenario.BreakAsync("CreateGrant");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{ChangedA}]", "description: new words"));

        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));
        Assert.Equal("new words", (string?)(await scenario.Aws.KeyAsync())["description"]);
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Contains("CreateGrant of a of arn:", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.Aws.ClearFaultsAsync();
        var offset = (await scenario.Aws.WritesAsync()).Count;
        await scenario.RestAsync();
        Assert.Equal(["CreateGrant", "RevokeGrant"], (await scenario.Aws.WritesAsync()).Skip(offset).Select(write => write.Operation));
        Assert.Equal(["a App Decrypt,Encrypt"], await GrantsAsync(scenario));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_grant_that_somebody_revoked_is_made_again_and_the_event_says_so()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        var grant = (string)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["grants"]![0]!["grantId"]!;
        await scenario.Aws.Kms().RevokeGrantAsync(new RevokeGrantRequest { KeyId = keyId, GrantId = grant }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));
        Assert.Contains(scenario.Events("one"), note => note.Contains("was changed by somebody else and is put right: CreateGrant: a: Decrypt for arn:aws:iam::123456789012:role/App", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> LostAnswers => new()
    {
        { "dropBefore", "the grant was not made" },
        { "dropAfter", "the grant was made" },
    };

    [Theory]
    [MemberData(nameof(LostAnswers))]
    public async Task A_grant_whose_making_got_no_answer_does_not_stay_when_the_spec_no_longer_lists_it(string fault, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("CreateGrant", fault);
        scenario.User.Apply(Scenario.Key("one", "service: s3", $"grants: [{A}]"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        Assert.True(await scenario.CallsAsync("CreateGrant") > 0);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.True((await GrantsAsync(scenario)).Length == 0, why);
        scenario.AssertReady("ServiceKey", "one");
    }

    public static TheoryData<bool, bool, string> Losses => new()
    {
        { false, false, "the status was erased" },
        { false, true, "the status was erased while no operator ran" },
        { true, false, "the resource was deleted, and another one takes its key back" },
        { true, true, "the same after a restart" },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Grants_that_no_status_tells_of_are_found_by_their_names(bool isDeleted, bool restarts, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        if (isDeleted)
        {
            await scenario.DeleteAsync("ServiceKey", "one");
            Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));
        }

        if (restarts)
        {
            scenario.Operator.Kill();
        }

        if (!isDeleted)
        {
            EraseStatus(scenario);
        }

        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        if (restarts)
        {
            scenario.Operator.Start();
        }

        await scenario.RestAsync();

        Assert.True((await GrantsAsync(scenario)).Length == 0, why);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    [Fact]
    public async Task Grants_of_a_disabled_key_wait_until_it_is_enabled_and_obsolete_ones_do_not_wait()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false", $"grants: [{A}]"));
        scenario.AssertReady("ServiceKey", "one", "KeyDisabled");
        Assert.Empty(await GrantsAsync(scenario));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false", $"grants: [{A}]"));
        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false", $"grants: [{ChangedA}]"));
        Assert.Empty(await GrantsAsync(scenario));
        scenario.AssertReady("ServiceKey", "one", "KeyDisabled");
    }

    [Fact]
    public async Task Observe_says_what_would_be_done_and_does_nothing()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        var offset = (await scenario.Aws.WritesAsync()).Count;

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{B}]", "managementPolicy: Observe"));

        Assert.Equal(
            ["CreateGrant b: Encrypt for arn:aws:iam::210987654321:role/Theirs with an encryption context that has stage=live", "RevokeGrant a: Decrypt for arn:aws:iam::123456789012:role/App"],
            scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["plan"]!.AsArray().Select(step => $"{step!["operation"]} {step["summary"]}"));
        Assert.Equal(offset, (await scenario.Aws.WritesAsync()).Count);
    }

    [Fact]
    public async Task What_changes_while_a_resource_is_suspended_waits()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{B}]", "suspend: true"));
        await scenario.RestAsync();

        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));
    }

    [Fact]
    public async Task A_replica_has_grants_of_its_own_and_only_those_that_its_key_can_give()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "multiRegion: true", $"grants: [{A}]")
            + Scenario.Replica("copy", "primaryRef: {name: one}", "region: eu-west-1", $"grants: [{B}]")
            + Scenario.Replica("wrong", "primaryRef: {name: one}", "region: us-west-2", "grants: [{name: a, granteePrincipal: App, operations: [Sign]}]"));
        await scenario.RestAsync();

        scenario.AssertReady("KeyReplica", "copy");
        scenario.AssertStalled("KeyReplica", "wrong", "InvalidSpec");
        Assert.StartsWith("spec.grants[0].operations[0]: ", scenario.Condition("KeyReplica", "wrong", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal(["us-east-1 a App Decrypt", "eu-west-1 b Theirs Encrypt"], (await scenario.Aws.KeysAsync()).SelectMany(key => Grants(key).Select(grant => $"{key["region"]} {grant}")).OrderDescending());
    }

    [Fact]
    public async Task Where_the_grants_cannot_be_listed_all_else_is_put_right_and_none_is_made_or_revoked()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        await scenario.BreakAsync("ListGrants");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{B}]", "description: new words", "enabled: false"));

        var key = await scenario.Aws.KeyAsync();
        Assert.Equal(("new words", "Disabled"), ((string?)key["description"], (string?)key["keyState"]));
        Assert.Equal(["a App Decrypt"], await GrantsAsync(scenario));
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
    }

    [Fact]
    public async Task Who_uses_no_grants_need_not_permit_them_to_be_listed()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("ListGrants");
        await scenario.DeleteAsync("ServiceKey", "one");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task A_grant_to_a_principal_that_does_not_exist_is_refused_and_the_others_are_made()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/principals", """{"delete": ["arn:aws:iam::123456789012:role/App"]}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}, {B}]"));

        scenario.AssertStalled("ServiceKey", "one", "PrincipalNotFound");
        Assert.Equal(["b Theirs Encrypt"], await GrantsAsync(scenario));
        await scenario.Aws.PostAsync("/_sim/principals", """{"exists": ["arn:aws:iam::123456789012:role/App"]}""");
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
    }

    public static TheoryData<string, string, string, string> Refused => new()
    {
        { "permissions: {additionalAccess: Deny}", A, "PermissionDenied", "spec.grants: " },
        { "tags: {a: b}", "{name: a, granteePrincipal: \"123456789012\", operations: [Decrypt]}", "InvalidSpec", "spec.grants[0].granteePrincipal: " },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_or_must_not_be_granted_is_refused_before_a_key_exists(string classField, string grant, string reason, string message)
    {
        using var scenario = await Scenario.StartAsync(classField);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{grant}]"));

        scenario.AssertStalled("ServiceKey", "one", reason);
        Assert.StartsWith(message, scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    [Fact]
    public async Task No_grant_token_is_kept_or_told()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{ChangedA}]"));

        // The simulator's tokens begin with the key's ARN, in base 64.
        var arn = (string)(await scenario.Aws.KeyAsync())["arn"]!;
        var token = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(arn))[..24];
        var told = string.Join('\n', scenario.User.List("ServiceKey").Concat(scenario.User.List("Event")).Select(item => item.ToJsonString()));
        Assert.Contains(arn, told, StringComparison.Ordinal);
        Assert.DoesNotContain(token, told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_revokes_the_grants_of_the_earlier_one_also_where_the_tag_that_the_key_was_let_go_does_not_show()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        var key = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = key, TagKeys = ["servicekey.dev/released"] }, Ct);
        Assert.NotEmpty(await GrantsAsync(scenario));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(key, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Empty(await GrantsAsync(scenario));
    }

    private static async Task<string[]> GrantsAsync(Scenario scenario) => Grants(await scenario.Aws.KeyAsync());

    /// <summary>Name in the spec, role or service, operations.</summary>
    private static string[] Grants(JsonObject key) =>
    [
        .. key["grants"]!.AsArray().Select(grant =>
            $"{((string)grant!["name"]!).Split(':')[1]} {((string)grant["grantee"]!).Split('/')[^1]} {string.Join(',', grant["operations"]!.AsArray().Select(operation => (string?)operation))}"),
    ];

    private static void EraseStatus(Scenario scenario)
    {
        var status = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!.AsObject();
        scenario.User.Patch(
            "ServiceKey", Scenario.Id("ServiceKey", "one"), new JsonObject { ["status"] = new JsonObject(status.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)null))) }.ToJsonString(), "status");
    }
}
