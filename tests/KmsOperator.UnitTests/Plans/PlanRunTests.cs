using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Plans.Steps;
using KmsOperator.Schemas;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Plans;

public sealed class PlanRunTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_key_and_its_replica_are_planned_in_the_order_of_their_calls_and_nothing_is_written()
    {
        using var scenario = await Scenario.StartAsync();

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: [eu-west-1]"));

        var key = plan.Of("ServiceKey", "orders");
        Assert.Equal((PlannedAction.Create, PlannedOutcome.Ready), (key.Action, key.Outcome));
        Assert.Equal(["CreateKey", "CreateAlias", "EnableKeyRotation"], key.Operations());
        Assert.Equal("keys.yaml:2", key.Place);
        Assert.Null(key.Arn);
        Assert.Contains(key.Steps[0].Changes, change => change is { Subject: "tag servicekey.dev/owner", After: "ServiceKey/team/orders" });
        Assert.Contains(key.Steps[0].Changes, change => change.Subject.StartsWith("statement", StringComparison.Ordinal));
        var replica = plan.Of("KeyReplica", "orders-eu-west-1");
        Assert.Equal(["ReplicateKey", "CreateAlias"], replica.Operations());
        Assert.Empty(await scenario.Aws.KeysAsync());
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "orders")));
        Assert.Empty(await scenario.Aws.WritesAsync());
    }

    public static TheoryData<string, string, string, string> Changes => new()
    {
        { "description: other", "UpdateKeyDescription", "description", "a description" },
        { "tags: {team: a}", "TagResource", "tag team", "a tag" },
        { "alias: alias/other", "CreateAlias,DeleteAlias", "alias/other", "another name" },
        { "enabled: false", "DisableKey", "state", "switching off" },
        { "rotation: {enabled: false}", "DisableKeyRotation", "rotation", "rotation" },
        { "access: {users: [App]}", "PutKeyPolicy", "statement \"Users\"", "access" },
        { "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "CreateGrant", "grant a", "a grant" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_planned_with_what_it_changes(string field, string operations, string subject, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", field))).Of("ServiceKey", "orders");

        Assert.True(operations.Split(',').SequenceEqual(key.Operations()), $"{why}: {string.Join(", ", key.Operations())}");
        Assert.True(key.Steps[0].Changes.Any(change => change.Subject.StartsWith(subject.TrimEnd('"'), StringComparison.Ordinal)), $"{why}: {string.Join(", ", key.Steps[0].Changes)}");
        Assert.Equal(PlannedAction.Update, key.Action);
        Assert.NotNull(key.Arn);
    }

    [Fact]
    public async Task An_import_is_planned_without_reading_the_Secret()
    {
        const string material = "material: {secretRef: {name: material-a}, validTo: \"2029-03-01T00:00:00Z\"}";
        using var scenario = await Scenario.StartAsync("allowed: {materialSecrets: [\"*\"]}");
        await scenario.ApplyAsync(Scenario.Key("waiting", "service: s3", "origin: EXTERNAL"));

        var plan = await scenario.Operator.PlanAsync(
            Scenario.Key("orders", "service: sqs", "origin: EXTERNAL", "multiRegion: true", "replicaRegions: [eu-west-1]", material)
            + Scenario.Key("waiting", "service: s3", "origin: EXTERNAL", material));

        var made = plan.Of("ServiceKey", "orders");
        Assert.Equal(["CreateKey", "ImportKeyMaterial", "CreateAlias"], made.Operations());
        Assert.Contains("EXTERNAL", made.Steps[0].Summary, StringComparison.Ordinal);
        Assert.Equal("key material from the Secret that the spec names, valid until 2029-03-01 00:00Z", made.Steps[1].Summary);
        Assert.Equal(["ReplicateKey", "ImportKeyMaterial", "CreateAlias"], plan.Of("KeyReplica", "orders-eu-west-1").Operations());
        Assert.Equal(["ImportKeyMaterial"], plan.Of("ServiceKey", "waiting").Operations());
        Assert.All(plan.Resources, resource => Assert.Equal(PlannedOutcome.Ready, resource.Outcome));
        Assert.Equal(0, (await scenario.Aws.CallsAsync()).GetValueOrDefault("GetParametersForImport"));
    }

    // where the primary is; where it is to be; the resource that moves it; why
    public static TheoryData<string, string, string, string> Moves => new()
    {
        { "us-east-1", "eu-west-1", "ServiceKey orders", "the ServiceKey's key passes it on" },
        { "eu-west-1", "us-east-1", "KeyReplica orders-eu-west-1", "the KeyReplica's key passes it back" },
    };

    [Theory]
    [MemberData(nameof(Moves))]
    public async Task A_move_of_the_primary_is_one_call_of_the_resource_that_has_it_marked_as_dangerous(string from, string to, string mover, string why)
    {
        string Manifest(string region) => Scenario.Key("orders", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", $"primaryRegion: {region}");
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Manifest(from));
        await scenario.RestAsync();

        var plan = await scenario.Operator.PlanAsync(Manifest(to));

        var moved = Assert.Single(plan.Resources, resource => resource.Steps.Count > 0);
        Assert.True($"{moved.Kind} {moved.Key.Name}" == mover, why);
        Assert.Equal(["UpdatePrimaryRegion"], moved.Operations());
        Assert.Equal(DangerKind.PrimaryMoved, Assert.Single(moved.Dangers).Kind);
        Assert.Equal((from, to), (moved.Steps[0].Changes[0].Before, moved.Steps[0].Changes[0].After));
        Assert.All(plan.Resources, resource => Assert.Equal(PlannedOutcome.Ready, resource.Outcome));
    }

    [Fact]
    public async Task An_unchanged_key_costs_four_calls_of_its_own_with_a_cluster_and_without()
    {
        const int Keys = 20;
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        var manifests = string.Concat(Enumerable.Range(0, Keys).Select(number => Scenario.Key($"key-{number:00}", "service: s3")));
        await scenario.ApplyAsync(manifests);
        await AssertCallsAsync(() => scenario.Operator.PlanAsync(manifests));
        await AssertCallsAsync(() => scenario.Operator.PlanOfflineAsync(Scenario.Class("aliasTemplate: \"{prefix}/{name}\"") + "\n" + manifests));

        async Task AssertCallsAsync(Func<Task<PlanReport>> plan)
        {
            var before = await scenario.Aws.CallsAsync();
            var report = await plan();
            Assert.False(report.HasChanges, string.Join("; ", report.Resources.SelectMany(resource => resource.Steps).SelectMany(step => step.Changes)));
            Assert.Equal(Keys, report.Count(PlannedOutcome.Ready));
            var calls = (await scenario.Aws.CallsAsync()).ToDictionary(call => call.Key, call => call.Value - before.GetValueOrDefault(call.Key));
            var shared = new[] { "ListAliases", "ListKeys", "GetCallerIdentity" };
            Assert.Equal(4 * Keys, calls.Where(call => !shared.Contains(call.Key)).Sum(call => call.Value));
            Assert.True(calls.GetValueOrDefault("ListAliases") <= 1 && calls.GetValueOrDefault("ListKeys") <= 1);
        }
    }

    [Fact]
    public async Task Without_a_cluster_a_key_and_its_replica_are_found_by_their_tags_and_nothing_differs()
    {
        using var scenario = await Scenario.StartAsync();
        var manifests = Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: [eu-west-1]");
        await scenario.ApplyAsync(manifests);

        var plan = await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + manifests);

        Assert.Equal("test", plan.ClusterId);
        Assert.Empty(plan.Resources.SelectMany(resource => resource.Steps));
        Assert.Equal([PlannedOutcome.Ready, PlannedOutcome.Ready], plan.Resources.Select(resource => resource.Outcome));
    }

    [Fact]
    public async Task Resources_that_are_only_in_the_cluster_are_no_deletions()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs") + Scenario.Key("other", "service: s3"));

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: sqs"));

        Assert.Equal("orders", Assert.Single(plan.Resources).Key.Name);
        Assert.False(plan.HasChanges);
    }

    [Fact]
    public async Task A_class_that_is_as_the_cluster_has_it_brings_no_other_resources_into_the_plan()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));

        Assert.Empty((await scenario.Operator.PlanAsync(Scenario.Class())).Resources);
    }

    [Fact]
    public async Task The_defaults_of_specs_are_those_that_the_API_server_fills_in()
    {
        using var scenario = await Scenario.StartAsync();
        var manifests = new[] { Scenario.Class("allowedNamespaces: {}"), Scenario.Key("orders", "service: sqs"), Scenario.Replica("copy", "primaryRef: {name: orders}", "region: eu-west-1") };
        await scenario.ApplyAsync(string.Join("\n---\n", manifests));

        foreach (var (kind, name, spec) in new[]
        {
            ("KeyClass", "standard", """{"region": "us-east-1", "aliasPrefix": "acme", "access": {"administrators": ["Admin"]}, "allowedNamespaces": {}}"""),
            ("ServiceKey", "orders", """{"service": "sqs"}"""),
            ("KeyReplica", "copy", """{"primaryRef": {"name": "orders"}, "region": "eu-west-1"}"""),
        })
        {
            var filled = JsonNode.Parse(spec)!.AsObject();
            CrdSchemas.Of(kind).Field("spec")!.FillDefaults(filled);
            var stored = scenario.User.Get(kind, Scenario.Id(kind, name))["spec"];
            Assert.True(JsonNode.DeepEquals(stored, filled), $"{kind}: the server has {stored}, plan has {filled}");
        }
    }

    [Fact]
    public async Task A_changed_class_shows_what_becomes_of_the_keys_that_the_cluster_has_of_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));

        var plan = await scenario.Operator.PlanAsync(Scenario.Class("tags: {team: payments}"));

        Assert.Equal(["TagResource"], plan.Of("ServiceKey", "orders").Operations());
    }

    [Fact]
    public async Task A_region_that_is_no_longer_listed_deletes_its_replica_and_says_that_it_is_dangerous()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: [eu-west-1]"));

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: []"));

        var replica = plan.Of("KeyReplica", "orders-eu-west-1");
        Assert.Equal(PlannedAction.Delete, replica.Action);
        Assert.Contains("ScheduleKeyDeletion", replica.Operations());
        Assert.Contains(replica.Dangers, danger => danger.Kind == DangerKind.Deletion);
        Assert.Empty(plan.Of("ServiceKey", "orders").Steps);
        Assert.All(await scenario.Aws.KeysAsync(), key => Assert.Equal("Enabled", (string?)key["keyState"]));
    }

    public static TheoryData<string, string, string?, string> Dangers => new()
    {
        { "", "enabled: false", "Disabling", "nobody can use a disabled key" },
        { "access: {users: [App]}", "", "AccessRemoved", "App loses its access" },
        { "", "access: {users: [App]}", null, "a role of the own account gets access" },
        { "", "access: {trustedAccounts: [\"999999999999\"]}", "AccessGranted", "another account gets access" },
        { "", "policy: {additionalStatements: [{Sid: Open, Effect: Allow, Principal: \"*\", Action: kms:Decrypt, Resource: \"*\"}]}", "AccessPublic", "everybody gets access" },
        { "", "policy: {additionalStatements: [{Sid: Mine, Effect: Allow, Principal: \"*\", Action: kms:Decrypt, Resource: \"*\", Condition: {StringEquals: {kms:CallerAccount: \"123456789012\"}}}]}", null, "a condition keeps others out" },
        { "", "alias: alias/other", "AliasRemoved", "the old name goes" },
        { "", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", null, "a grant to a role of the own account" },
        { "", "grants: [{name: a, granteePrincipal: \"arn:aws:iam::999999999999:role/Theirs\", operations: [Decrypt]}]", "AccessGranted", "a grant to another account" },
        { "", "grants: [{name: a, granteeServicePrincipal: s3.amazonaws.com, sourceArn: \"arn:aws:sqs:us-east-1:999999999999:q\", operations: [Decrypt]}]", "AccessGranted", "a grant to a service for another account" },
        { "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "", "AccessRemoved", "a grant goes" },
        { "grants: [{name: a, granteePrincipal: App, operations: [Decrypt, Encrypt]}]", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "AccessRemoved", "a grant gives less" },
        { "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt, Encrypt]}]", null, "a grant gives more" },
        { "", "policy: {override: {Version: \"2012-10-17\", Statement: [{Sid: Few, Effect: Allow, Principal: {AWS: \"arn:aws:iam::123456789012:role/Admin\"}, Action: \"kms:*\", Resource: \"*\"}]}}", "Lockout", "the account's root loses its access" },
    };

    [Theory]
    [MemberData(nameof(Dangers))]
    public async Task What_is_dangerous_is_marked(string before, string after, string? danger, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3", before));

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", after))).Of("ServiceKey", "orders");

        Assert.NotEmpty(key.Steps);
        var found = key.Dangers.Select(one => one.Kind.ToString()).Distinct().ToArray();
        Assert.True(danger is null ? found.Length == 0 : found.Contains(danger), $"{why}: {string.Join("; ", key.Dangers)}");
    }

    [Fact]
    public async Task An_alias_that_is_taken_from_another_key_is_marked()
    {
        using var scenario = await Scenario.StartAsync("permissions: {aliasTakeOver: Allow}");
        var other = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = other }, Ct);

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", "takeOverAlias: true"))).Of("ServiceKey", "orders");

        var step = Assert.Single(key.Steps, step => step.Operation == "UpdateAlias");
        Assert.Equal((other, "(the new key)"), (step.Changes[0].Before, step.Changes[0].After));
        Assert.Contains(step.Dangers, danger => danger.Kind == DangerKind.AliasTakenOver && danger.Message.Contains(other, StringComparison.Ordinal));
    }

    public static TheoryData<string, string, string, string> Refusals => new()
    {
        { "service: s3", "service: sqs", "InvalidSpec", "a service cannot be changed" },
        { "description: mine", "multiRegion: true", "InvalidSpec", "a key does not become a multi-Region one" },
        { "description: mine", "className: missing", "InvalidSpec", "a key stays with its class" },
        { "description: mine", "adopt: {keyId: 8dff9c2f-6d6a-4f8e-9d2f-0c3f1b7a5e21}", "PermissionDenied", "the class does not permit adoption" },
        { "description: mine", "policy: {override: {Statement: [{Effect: Allow, Principal: {AWS: \"999999999999\"}, Action: \"kms:*\", Resource: \"*\"}]}}", "PolicyLockout", "nobody of the account could change it again" },
        { "description: mine", "service: nothing", "InvalidSpec", "the catalogue has no such service" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_the_operator_refuses_is_refused_with_its_reason(string before, string after, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", before));

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", after));

        var key = plan.Of("ServiceKey", "orders");
        Assert.True(key.Outcome == PlannedOutcome.Refused && key.Reason == reason, $"{why}: {key.Outcome} {key.Reason} {key.Message}");
        Assert.Empty(key.Steps);
        Assert.True(plan.HasErrors);
    }

    // before, after, the API server's message, why
    public static TheoryData<string, string, string, string> RefusedChanges => new()
    {
        { "service: s3", "service: sqs", "spec: service is immutable, create another resource instead", "a rule of the spec" },
        { "keySpec: RSA_2048\n  keyUsage: SIGN_VERIFY", "keySpec: RSA_3072\n  keyUsage: SIGN_VERIFY", "spec.keySpec: keySpec is immutable, KMS cannot change it; create another resource instead", "a rule of the field itself" },
        { "description: a", "multiRegion: true", "spec.multiRegion: multiRegion is immutable, KMS cannot change it; create another resource instead", "a default counts as the value before" },
        { "className: standard", "className: other", "spec.className cannot change once the key exists, create another resource instead", "a rule of the whole resource, with its status" },
    };

    [Theory]
    [MemberData(nameof(RefusedChanges))]
    public async Task A_change_that_the_API_server_refuses_is_refused_with_its_message_and_the_resource_stays(string before, string after, string message, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", before));
        await scenario.Aws.Kms().UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!, Description = "drift" }, Ct);
        var server = Assert.ThrowsAny<Exception>(() => scenario.User.Apply(Scenario.Key("orders", after), Scenario.Namespace));

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", after))).Of("ServiceKey", "orders");

        Assert.Equal((PlannedOutcome.Refused, $"the API server refuses the change: {message}"), (key.Outcome, key.Message));
        Assert.Contains(message.Split(": ")[^1], server.Message, StringComparison.Ordinal);
        Assert.True(key.Operations() is ["UpdateKeyDescription"], $"{why}: what drifted is put back all the same: {string.Join(", ", key.Operations())}");
    }

    [Fact]
    public async Task A_change_that_is_allowed_before_the_key_exists_is_no_refusal()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "className: missing"));

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "className: standard"))).Of("ServiceKey", "orders");

        Assert.Equal((PlannedOutcome.Ready, PlannedAction.Create), (key.Outcome, key.Action));
    }

    [Fact]
    public async Task Of_two_new_keys_that_want_one_alias_the_second_is_refused()
    {
        using var scenario = await Scenario.StartAsync();

        var plan = await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: s3"));

        Assert.Equal(PlannedOutcome.Ready, plan.Of("ServiceKey", "one").Outcome);
        Assert.Equal(Reasons.AliasConflict, plan.Of("ServiceKey", "two").Reason);
    }

    [Fact]
    public async Task A_key_of_another_cluster_s_resource_is_not_touched()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));

        var plan = await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + Scenario.Key("orders", "service: s3"), clusterId: "another");

        Assert.Equal((PlannedOutcome.Refused, Reasons.KeyConflict), (plan.Of("ServiceKey", "orders").Outcome, plan.Of("ServiceKey", "orders").Reason));
    }

    [Fact]
    public async Task What_AWS_does_not_let_the_caller_read_is_an_error()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetKeyPolicy", "kind": "accessDenied", "count": 10}""");

        var plan = await scenario.Operator.PlanAsync();

        Assert.Equal((PlannedOutcome.Failed, Reasons.AccessDenied), (plan.Of("ServiceKey", "orders").Outcome, plan.Of("ServiceKey", "orders").Reason));
        Assert.True(plan.HasErrors);
        Assert.Contains("Look who is asking (aws sts get-caller-identity), and give that principal this permission", plan.Of("ServiceKey", "orders").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_AWS_does_not_answer_a_plan_says_so_and_promises_no_other_try()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetCallerIdentity", "kind": "error5xx", "count": 100}""");

        var plan = (await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + Scenario.Key("orders", "service: s3"))).Of("KeyClass", "standard");

        Assert.Equal((PlannedOutcome.Failed, Reasons.Unavailable), (plan.Outcome, plan.Reason));
        Assert.DoesNotContain("tried again", plan.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Run the command again once AWS answers.", plan.Message, StringComparison.Ordinal);
    }

    // a fault of each call that is made for keys, whether the note about the cluster id is there, why
    public static TheoryData<string?, bool, string> UnknownClusters => new()
    {
        { null, true, "the plan shows the tag, so it says why its value is not known" },
        { "GetCallerIdentity", false, "AWS could not be asked, so no tag is shown" },
    };

    [Theory]
    [MemberData(nameof(UnknownClusters))]
    public async Task A_plan_says_that_the_cluster_id_is_not_known_where_that_shows(string? fault, bool isTold, string why)
    {
        using var scenario = await Scenario.StartAsync();
        if (fault is not null)
            await scenario.Aws.PostAsync("/_sim/faults", $$"""{"operation": "{{fault}}", "kind": "accessDenied", "count": 100}""");

        var plan = await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + Scenario.Key("orders", "service: s3"));

        Assert.True(plan.Notes.Any(note => note.Contains("--cluster-id", StringComparison.Ordinal)) == isTold, why);
    }

    [Fact]
    public async Task A_plan_says_which_grants_of_others_still_give_access_after_the_change()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        var made = await scenario.Aws.Kms().CreateGrantAsync(new CreateGrantRequest { KeyId = keyId, GranteePrincipal = "arn:aws:iam::123456789012:role/App", Operations = ["Decrypt"] }, Ct);
        var listed = Scenario.Key("orders", "service: s3", "grants: [{name: a, granteePrincipal: App, operations: [Decrypt]}]");

        Assert.False((await scenario.Operator.PlanAsync(listed)).HasChanges);
        await scenario.ApplyAsync(listed);
        await scenario.Operator.SettleAsync();
        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3"));

        Assert.False(plan.HasChanges);
        var note = Assert.Single(plan.Of("ServiceKey", "orders").Notes);
        Assert.Contains("still gives access", note, StringComparison.Ordinal);
        Assert.EndsWith($"--grant-id {made.GrantId}", note, StringComparison.Ordinal);
        Assert.Empty((await scenario.Operator.PlanAsync()).Of("ServiceKey", "orders").Notes);
    }

    [Fact]
    public async Task A_class_that_cannot_be_verified_is_an_error_and_its_keys_wait_for_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetCallerIdentity", "kind": "accessDenied", "count": 10}""");

        var plan = await scenario.Operator.PlanOfflineAsync(Scenario.Class() + "\n" + Scenario.Key("orders", "service: s3"));

        Assert.Equal((PlannedOutcome.Failed, Reasons.AccessDenied), (plan.Of("KeyClass", "standard").Outcome, plan.Of("KeyClass", "standard").Reason));
        Assert.Equal((PlannedOutcome.Waiting, Reasons.ClassNotReady), (plan.Of("ServiceKey", "orders").Outcome, plan.Of("ServiceKey", "orders").Reason));
    }

    [Fact]
    public async Task An_observed_resource_shows_what_Full_would_do_and_changes_nothing()
    {
        using var scenario = await Scenario.StartAsync();

        var plan = await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", "managementPolicy: Observe"));

        var key = plan.Of("ServiceKey", "orders");
        Assert.Equal((PlannedOutcome.Observed, 0), (key.Outcome, key.Steps.Count));
        Assert.Equal("CreateKey", key.WithFull[0].Operation);
        Assert.False(plan.HasChanges);
    }

    [Fact]
    public async Task A_suspended_resource_is_left_alone()
    {
        using var scenario = await Scenario.StartAsync();

        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", "suspend: true"))).Of("ServiceKey", "orders");

        Assert.Equal((PlannedOutcome.Suspended, 0), (key.Outcome, key.Steps.Count));
    }

    [Fact]
    public async Task A_lost_key_is_replaced_only_where_the_spec_says_so_and_that_is_marked()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        scenario.Operator.Kill();
        await scenario.Aws.PostAsync("/_sim/reset", "");

        Assert.Equal(Reasons.KeyNotFound, (await scenario.Operator.PlanAsync()).Of("ServiceKey", "orders").Reason);
        var key = (await scenario.Operator.PlanAsync(Scenario.Key("orders", "service: s3", "recreateLostKey: true"))).Of("ServiceKey", "orders");

        Assert.Equal("CreateKey", key.Operations()[0]);
        Assert.Contains(key.Dangers, danger => danger.Kind == DangerKind.KeyReplaced);
        scenario.Operator.Start();
    }

    [Fact]
    public async Task Drift_is_planned_for_the_whole_cluster()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        var keyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        await scenario.Aws.Kms().UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "by hand" }, Ct);

        var step = Assert.Single((await scenario.Operator.PlanAsync()).Of("ServiceKey", "orders").Steps);

        Assert.Equal(("by hand", "KMS key for encrypting s3"), (step.Changes[0].Before, step.Changes[0].After));
    }

    [Fact]
    public async Task A_resource_that_is_being_deleted_shows_what_becomes_of_its_key()
    {
        using var scenario = await Scenario.StartAsync("deletionPolicy: Delete");
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));
        scenario.Operator.Kill();
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "orders"));

        var key = (await scenario.Operator.PlanAsync()).Of("ServiceKey", "orders");

        Assert.Equal((PlannedAction.Delete, PlannedOutcome.Gone), (key.Action, key.Outcome));
        Assert.Equal(["TagResource", "ScheduleKeyDeletion", "DeleteAlias"], key.Operations());
        Assert.NotNull(key.Arn);
        scenario.Operator.Start();
    }
}
