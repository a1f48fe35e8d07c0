using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>The operator as its users meet it: manifests in front, KMS behind. Most requests are those of kubectl without kubectl, see <see cref="ClusterClient"/>.</summary>
[Collection("operator")]
public sealed partial class ScenarioTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private static readonly string[] KmsWrites =
    [
        "CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias", "PutKeyPolicy", "TagResource", "UntagResource", "UpdateKeyDescription",
        "EnableKey", "DisableKey", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand", "ReplicateKey", "ScheduleKeyDeletion", "CancelKeyDeletion",
    ];

    private string _namespace = "";

    private Cluster Cluster => controlPlane.Cluster;

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);
        _namespace = await Cluster.CreateNamespaceAsync("keys");
        await ApplyClassAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // What a test leaves must not keep the operator busy in the next one.
        await DeleteAsync($"keyclass/{_namespace}");
        _files.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Every_service_gets_a_key_with_alias_policy_tags_and_rotation()
    {
        await Cluster.ApplyTextAsync(string.Join("\n---\n", ServiceCatalogue.Services.Values.Select(row => Key(row.Name, $"service: {row.Name}", $"keySpec: {row.Limits.KeySpec}", $"keyUsage: {row.Limits.KeyUsage}"))));
        foreach (var service in ServiceCatalogue.Services.Keys)
        {
            await ReadyAsync($"sk/{service}");
        }

        var keys = await operators.KeysOfAsync(_namespace);
        Assert.Equal(ServiceCatalogue.Services.Count, keys.Length);
        foreach (var service in ServiceCatalogue.Services.Keys)
        {
            var key = Assert.Single(keys, key => Owner(key) == $"ServiceKey/{_namespace}/{service}");
            Assert.Equal($"alias/{_namespace}/{service}", key["aliases"]![0]!.GetValue<string>());
            Assert.Equal($"{_namespace}-{service}-cmk", Tag(key, "Name"));
            Assert.Equal("test-cluster", Tag(key, "servicekey.dev/cluster"));
            var limits = ServiceLimits.TryGet(service)!;
            Assert.True(!limits.IsSymmetric || key["rotation"]!["enabled"]!.GetValue<bool>());
            var wanted = PolicyRenderer.Render(new PolicyRequest
            {
                Region = "us-east-1",
                AccountId = "123456789012",
                Service = service,
                Actions = limits.Actions,
                Administrators = ["arn:aws:iam::123456789012:role/Admin"],
            });
            Assert.True(PolicyComparer.AreEquivalent(wanted.Text, key["policy"]!.GetValue<string>()), service);
        }
    }

    [Fact]
    public async Task Each_update_arrives_and_a_renamed_alias_is_never_missing()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "tags: {team: a}"));
        await ReadyAsync("sk/one");
        await Cluster.ApplyTextAsync(Key(
            "one", "service: s3", "tags: {stage: prod}", "description: new words", $"alias: alias/{_namespace}/renamed", "rotation: {periodDays: 90}", "access: {users: [App]}"));
        await Eventually.TrueAsync(
            async () => (await operators.KeysOfAsync(_namespace)).Single() is var key
                && key["description"]!.GetValue<string>() == "new words"
                && Tag(key, "stage") == "prod" && Tag(key, "team") is null
                && key["aliases"]!.AsArray() is [var alias] && alias!.GetValue<string>() == $"alias/{_namespace}/renamed"
                && key["rotation"]!["periodDays"]!.GetValue<int>() == 90
                && key["policy"]!.GetValue<string>().Contains("role/App", StringComparison.Ordinal),
            () => operators.Log);
        await PatchAsync("sk/one", "{\"spec\":{\"enabled\":false}}");
        await Eventually.TrueAsync(async () => (await operators.KeysOfAsync(_namespace)).Single()["keyState"]!.GetValue<string>() == "Disabled", () => operators.Log);
        await ConditionAsync("sk/one", "True", "KeyDisabled", null);
    }

    [Fact]
    public async Task A_multi_Region_key_gets_replicas_whose_policies_are_for_their_own_Region()
    {
        await Cluster.ApplyTextAsync(Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [us-east-2, eu-west-1]", "publish: {configMapName: coordinates}"));
        await ReadyAsync("sk/multi");
        await ReadyAsync("kr/multi-us-east-2");
        var keys = await operators.KeysOfAsync(_namespace);
        Assert.Equal(3, keys.Length);
        Assert.Single(keys.Select(key => key["keyId"]!.GetValue<string>()).Distinct());
        foreach (var key in keys)
        {
            Assert.Contains($"ec2.{key["region"]!.GetValue<string>()}.amazonaws.com", key["policy"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(
            async () => (await FindAsync("cm/coordinates")).Field(".data").Contains("replicaArn_eu_west_1", StringComparison.Ordinal),
            () => operators.Log);

        await Cluster.ApplyTextAsync(Key("multi", "service: ebs", "multiRegion: true", "replicaRegions: [us-east-2]", "deletionPolicy: Delete", "publish: {configMapName: coordinates}"));
        await GoneAsync("kr/multi-eu-west-1");
        await DeleteAsync("sk/multi");
        var states = (await operators.KeysOfAsync(_namespace)).ToDictionary(key => key["region"]!.GetValue<string>(), key => key["keyState"]!.GetValue<string>());
        Assert.Equal("PendingReplicaDeletion", states["us-east-1"]);
        Assert.Equal("PendingDeletion", states["us-east-2"]);
    }

    [Theory]
    [InlineData("Retain", "Enabled", 1)]
    [InlineData("Delete", "PendingDeletion", 0)]
    public async Task Deleting_a_resource_does_to_the_key_what_the_policy_says(string policy, string state, int aliases)
    {
        await Cluster.ApplyTextAsync(Key("gone", "service: sqs", $"deletionPolicy: {policy}", "pendingDeletionWindowDays: 7"));
        await ReadyAsync("sk/gone");
        await DeleteAsync("sk/gone");
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal(state, key["keyState"]!.GetValue<string>());
        Assert.Equal(aliases, key["aliases"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_class_with_a_role_puts_its_keys_into_the_role_s_account()
    {
        await operators.AdminAsync("/_sim/roles", new JsonObject { ["arn"] = $"arn:aws:iam::222222222222:role/{_namespace}", ["externalId"] = "right" });
        await ApplyClassAsync($"account: {{id: \"222222222222\", roleArn: \"arn:aws:iam::222222222222:role/{_namespace}\", externalId: wrong}}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ConditionAsync($"keyclass/{_namespace}", "False", "AccessDenied", "Stalled");
        await ConditionAsync("sk/one", "False", "ClassNotReady", "Reconciling");
        await ApplyClassAsync($"account: {{id: \"222222222222\", roleArn: \"arn:aws:iam::222222222222:role/{_namespace}\", externalId: right}}");
        await ReadyAsync("sk/one");
        Assert.Equal("222222222222", Assert.Single(await operators.KeysOfAsync(_namespace))["accountId"]!.GetValue<string>());
    }

    [Fact]
    public async Task Credentials_of_another_account_than_the_class_names_write_nothing()
    {
        await ApplyClassAsync("account: {id: \"999999999999\"}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ConditionAsync($"keyclass/{_namespace}", "False", "AccountMismatch", "Stalled");
        await ConditionAsync("sk/one", "False", "ClassNotReady", "Reconciling");
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    // name, lines of the spec, reason, part of the message, part of what a server says that refuses it by CEL
    public static TheoryData<string, string, string, string, string?> BadInput => new()
    {
        { "usage", "keySpec: HMAC_256", "InvalidSpec", "spec.keyUsage", "keyUsage must be GENERATE_VERIFY_MAC" },
        { "alias", "alias: alias/aws/mine", "InvalidSpec", "spec.alias", "alias/aws/ is reserved" },
        { "replicas", "replicaRegions: [eu-west-1]", "InvalidSpec", "spec.replicaRegions", "replicaRegions needs multiRegion" },
        { "home", "multiRegion: true\n  replicaRegions: [us-east-1]", "InvalidSpec", "spec.replicaRegions", null },
        { "principal", "access: {administrators: [\"123456789012\"]}", "InvalidSpec", "administrators", null },
        { "class", "className: nobody", "ClassNotFound", "nobody", null },
        { "statement", "policy: {additionalStatements: [{Sid: X, Effect: Maybe, Principal: \"*\", Action: \"kms:*\", Resource: \"*\"}]}", "InvalidSpec", "Effect", null },
        { "lockout", "policy: {override: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Principal: {AWS: \"arn:aws:iam::123456789012:role/X\"}, Action: \"kms:Decrypt\", Resource: \"*\"}]}}", "PolicyLockout", "kms:PutKeyPolicy", null },
    };

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task Bad_input_is_explained_on_the_resource_and_makes_no_key(string name, string lines, string reason, string message, string? refusal)
    {
        var spec = lines.Contains("className", StringComparison.Ordinal) ? lines : $"{lines}\n  className: {_namespace}";
        var applied = await Cluster.KubectlAsync(["apply", "--validate=false", "-f", "-"], Manifest(name, spec));
        if (refusal is not null && Cluster.EvaluatesCel)
        {
            Assert.NotEqual(0, applied.ExitCode);
            Assert.Contains(refusal, applied.Error, StringComparison.Ordinal);
            return;
        }

        applied.EnsureSuccess();
        await Cluster.ApplyTextAsync(Key("good", "service: s3"));
        var text = await ConditionAsync($"sk/{name}", "False", reason, "Stalled");
        Assert.Contains(message, text, StringComparison.Ordinal);
        await ReadyAsync("sk/good");
        Assert.Single(await operators.KeysOfAsync(_namespace));
    }

    [Fact]
    public async Task An_alias_of_a_foreign_key_is_left_alone_and_no_key_is_made()
    {
        using var kms = operators.Kms();
        var foreign = (await kms.CreateKeyAsync(new CreateKeyRequest(), TestContext.Current.CancellationToken)).KeyMetadata.KeyId;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = $"alias/{_namespace}/taken", TargetKeyId = foreign }, TestContext.Current.CancellationToken);

        // The list of aliases may be a minute old, and CreateAlias has the last word: a key may be made, but the alias never moves.
        operators.Restart();
        await Cluster.ApplyTextAsync(Key("one", "service: s3", $"alias: alias/{_namespace}/taken"));
        Assert.Contains(foreign, await ConditionAsync("sk/one", "False", "AliasConflict", "Stalled"), StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    [Fact]
    public async Task What_others_change_in_KMS_is_put_right_when_asked_to_look()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "tags: {team: a}"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        var token = TestContext.Current.CancellationToken;
        var other = (await kms.CreateKeyAsync(new CreateKeyRequest(), token)).KeyMetadata.KeyId;
        await kms.UntagResourceAsync(new UntagResourceRequest { KeyId = id, TagKeys = ["team"] }, token);
        await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = id, Description = "mine now" }, token);
        await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = $"alias/{_namespace}/s3", TargetKeyId = other }, token);
        await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = id }, token);
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id }, token);
        await LookAsync("one");
        await Eventually.TrueAsync(
            async () => (await operators.KeysOfAsync(_namespace)).Single() is var key
                && Tag(key, "team") == "a" && key["description"]!.GetValue<string>() == "KMS key for encrypting s3" && key["keyState"]!.GetValue<string>() == "Enabled"
                && key["aliases"]!.AsArray().Count == 1 && key["rotation"]!["enabled"]!.GetValue<bool>(),
            () => operators.Log);
        await ReadyAsync("sk/one");

        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = id, PendingWindowInDays = 7 }, token);
        await LookAsync("one");
        await ConditionAsync("sk/one", "False", "PendingDeletion", "Stalled");
        Assert.Equal("PendingDeletion", (await operators.KeysOfAsync(_namespace)).Single()["keyState"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_restart_with_nothing_changed_writes_nothing_and_the_spec_is_never_touched()
    {
        var account = await OwnAccountAsync();
        await Cluster.ApplyTextAsync(Key("one", "service: s3") + "\n---\n" + Key("two", "service: sns"));
        await ReadyAsync("sk/one");
        await ReadyAsync("sk/two");
        var before = await WritesAsync(account);
        Assert.Contains("CreateKey", before);
        operators.Restart();
        await LookAsync("one");
        await Eventually.TrueAsync(
            async () => (await FieldAsync("sk/one", ".status.lastHandledReconcileAt")).Length > 0, () => operators.Log);
        await ReadyAsync("sk/one");
        Assert.Equal(before, await WritesAsync(account));
        Assert.Equal("1", await FieldAsync("sk/one", ".metadata.generation"));
    }

    [Fact]
    public async Task A_foreign_ConfigMap_is_never_overwritten()
    {
        await Cluster.ApplyTextAsync($"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: theirs, namespace: {_namespace}}}, data: {{a: b}}}}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "publish: {configMapName: theirs}"));
        await ConditionAsync("sk/one", "False", "PublishConflict", "Stalled");
        Assert.Equal("{\"a\":\"b\"}", await FieldAsync("cm/theirs", ".data"));
    }

    [Fact]
    public async Task An_override_is_put_as_written_and_reaches_replicas_with_their_own_Region()
    {
        const string Override = "{Version: \"2012-10-17\", Statement: [{Sid: Root, Effect: Allow, Principal: {AWS: \"123456789012\"}, Action: \"kms:*\", Resource: \"*\"}, "
            + "{Sid: Via, Effect: Allow, Principal: {AWS: \"arn:aws:iam::123456789012:role/us-east-1-reader\"}, Action: \"kms:Decrypt\", Resource: \"*\", "
            + "Condition: {StringEquals: {\"kms:ViaService\": s3.us-east-1.amazonaws.com}}}]}";
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", $"policy: {{override: {Override}}}"));
        await ReadyAsync("sk/one");
        var keys = (await operators.KeysOfAsync(_namespace)).ToDictionary(key => key["region"]!.GetValue<string>(), key => key["policy"]!.GetValue<string>());
        Assert.Contains("s3.us-east-1.amazonaws.com", keys["us-east-1"], StringComparison.Ordinal);
        Assert.Contains("s3.eu-west-1.amazonaws.com", keys["eu-west-1"], StringComparison.Ordinal);
        Assert.Contains("role/us-east-1-reader", keys["eu-west-1"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_primary_that_is_managed_elsewhere_gets_a_replica_with_its_alias_and_policy()
    {
        using var kms = operators.Kms();
        var token = TestContext.Current.CancellationToken;
        await ApplyClassAsync("permissions: {adoption: Allow}");
        var primary = (await kms.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true }, token)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = $"alias/{_namespace}/elsewhere", TargetKeyId = primary.KeyId }, token);
        operators.Restart();
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyReplica
            metadata: {name: copy, namespace: {{_namespace}}}
            spec: {primaryKeyArn: "{{primary.Arn}}", className: {{_namespace}}, region: ap-southeast-2}
            """);
        Assert.Equal(primary.KeyId, await ReadyAsync("kr/copy"));
        var replica = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal("ap-southeast-2", replica["region"]!.GetValue<string>());
        Assert.Equal($"alias/{_namespace}/elsewhere", replica["aliases"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task A_class_of_another_Region_puts_its_keys_there_and_cannot_move_them()
    {
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: {{_namespace}}}
            spec: {region: eu-central-1, aliasPrefix: {{_namespace}}, access: {administrators: [Admin] } }
            """);
        await Cluster.ApplyTextAsync(Key("one", "service: logs"));
        await ReadyAsync("sk/one");
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal("eu-central-1", key["region"]!.GetValue<string>());
        Assert.Contains("logs.eu-central-1.amazonaws.com", key["policy"]!.GetValue<string>(), StringComparison.Ordinal);
        await ApplyClassAsync();
        Assert.Contains("keys do not move", await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled"), StringComparison.Ordinal);
        Assert.Single(await operators.KeysOfAsync(_namespace));
    }

    /// <summary>What was written in an account, in its order.</summary>
    private async Task<string[]> WritesAsync(string account) =>
        [.. (await operators.CallsOfAsync(account)).Select(call => call["operation"]!.GetValue<string>()).Where(KmsWrites.Contains)];

    private Task LookAsync(string name) => AnnotateAsync($"sk/{name}", $"kms.servicekey.dev/reconcile-at={Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}");

    /// <summary>Waits for Ready as kstatus and kubectl wait define it.</summary>
    /// <returns>The key's id.</returns>
    private async Task<string> ReadyAsync(string resource)
    {
        await ConditionAsync(resource, "True", null, null);
        return await FieldAsync(resource, ".status.keyId");
    }

    /// <summary>Waits until Ready is as given for the current generation, with the other condition that belongs to it and no more.</summary>
    /// <returns>The message.</returns>
    private async Task<string> ConditionAsync(string resource, string ready, string? reason, string? other)
    {
        var last = "";
        string? message = null;
        await Eventually.TrueAsync(
            async () =>
            {
                if (await FindAsync(resource) is not { } json)
                {
                    last = $"There is no {resource}.";
                    return false;
                }

                last = json.ToJsonString();
                var generation = json["metadata"]!["generation"]!.GetValue<long>();
                var conditions = json["status"]?["conditions"]?.AsArray().OfType<JsonObject>().ToArray() ?? [];
                var found = json.Condition("Ready");
                message = found?["message"]!.GetValue<string>();
                return found is not null
                    && found["status"]!.GetValue<string>() == ready
                    && (reason is null || found["reason"]!.GetValue<string>() == reason)
                    && json["status"]!["observedGeneration"]!.GetValue<long>() == generation
                    && conditions.All(condition => condition["observedGeneration"]!.GetValue<long>() == generation)
                    && conditions.Where(condition => condition != found).Select(condition => condition["type"]!.GetValue<string>()).SequenceEqual(other is null ? [] : [other]);
            },
            () => $"{last}\n{operators.Log}",
            TimeSpan.FromSeconds(60));
        return message!;
    }

    private Task ApplyClassAsync(params string[] lines) => Cluster.ApplyTextAsync(
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: {{_namespace}}}
        spec:
          region: us-east-1
          aliasPrefix: {{_namespace}}
          access: {administrators: [Admin]}
          {{string.Join("\n  ", lines)}}
        """);

    /// <summary>Has the class lead into an account of this test's own: what is counted or fails there is nobody else's.</summary>
    /// <returns>The account's id.</returns>
    private async Task<string> OwnAccountAsync()
    {
        var account = $"{Convert.ToUInt64(_namespace[^10..], 16) % 1_000_000_000_000:D12}";
        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{account}:role/kms\"}}");
        return account;
    }

    private string Key(string name, params string[] lines) => Manifest(name, string.Join("\n  ", [$"className: {_namespace}", .. lines]));

    private string Manifest(string name, string spec) =>
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: {{name}}, namespace: {{_namespace}}}
        spec:
          {{spec}}
        """;

    private static string? Tag(JsonObject key, string name) => key["tags"]![name]?.GetValue<string>();

    private static string? Owner(JsonObject key) => Tag(key, "servicekey.dev/owner");
}
