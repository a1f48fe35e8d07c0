using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using KmsOperator.Policies;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Importing.Drafting;
using Xunit;

namespace KmsOperator.UnitTests.Importing;

/// <summary>
/// Keys that Terraform made come over without a change: import, apply, watch in Observe, switch to Full. AWS sees owner tags and nothing else. The operator is the real one, AWS is the simulator.
/// </summary>
public sealed class SilentImportTests : IDisposable
{
    private const string Namespace = ForeignWorld.Namespace;

    private readonly ForeignWorld _world = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    public static TheoryData<string, bool> Services
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var service in SolutionPolicies.Services)
            {
                data.Add(service, false);
                data.Add(service, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_key_of_the_solution_comes_over_with_its_service_and_no_change(string service, bool withTrustedAccount)
    {
        await _world.MakeSolutionKeyAsync(service, multiRegion: false, withTrustedAccount ? ["444455556666"] : []);

        var report = await _world.ImportAsync(expectedCode: 0);

        if (service == "mwaa")
        {
            // The service's own policy does not have the solution's statement that is for every account, so the statements come over as they are.
            Assert.DoesNotContain("the policy of service mwaa\n", report, StringComparison.Ordinal);
            await _world.ObserveAndSwitchAsync();
            return;
        }

        Assert.Contains($"the policy of service {service}\n", report, StringComparison.Ordinal);
        Assert.Equal(service, (string?)_world.Operator.User.Get("ServiceKey", new NamespacedName(Namespace, $"acme-{service}"))["spec"]!["service"]);
        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task All_nineteen_services_and_eleven_more_keys_come_over_at_once_with_no_manual_step()
    {
        foreach (var service in SolutionPolicies.Services)
            await _world.MakeSolutionKeyAsync(service, multiRegion: false, []);
        for (var i = 0; i < 11; i++)
            await _world.MakeAsync($"aws_kms_key.extra[{i}]", $"alias/extra/k{i}", Policy(), $"extra {i}", rotation: i % 2 == 0, tags: ("Name", $"extra-{i}"));

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.StartsWith("30 keys imported under 1 KeyClass. managementPolicy: Full changes nothing but owner tags on 30 of them. Nothing is left", report, StringComparison.Ordinal);
        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task Keys_with_Scoped_policies_come_over_with_preset_and_parameters()
    {
        // PolicyFittingTests have the policies of all services. Not here: fargate's keys have no alias, and those of route53-dnssec sign.
        string[] services = [.. PolicyFittingTests.Parameters.Keys.Except(["fargate", "route53-dnssec"]), "acm", "dynamodb", "logs", "session", "sns", "sqs"];
        foreach (var service in services)
        {
            (string, string)? parameter = PolicyFittingTests.Parameters.TryGetValue(service, out var one) ? one : null;
            var policy = PolicyFittingTests.Rendered(service, PolicyPreset.Scoped, parameter).ToJsonString().Replace("\"Sid\":\"", "\"Sid\":\"Our", StringComparison.Ordinal);
            await _world.MakeAsync($"aws_kms_key.of[\"{service}\"]", $"alias/acme/{service}", policy, $"KMS key for encrypting {service}", rotation: true, tags: ("Name", $"acme-{service}-cmk"));
        }

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.DoesNotContain("of its own", report, StringComparison.Ordinal);
        Assert.DoesNotContain("policy.override", report, StringComparison.Ordinal);
        Assert.Equal("Scoped", (string?)_world.Operator.User.Get("ServiceKey", new NamespacedName(Namespace, "acme-sqs"))["spec"]!["policy"]!["preset"]);
        Assert.NotNull(_world.Operator.User.Get("ServiceKey", new NamespacedName(Namespace, "acme-cloudtrail"))["spec"]!["serviceParameters"]!["trailArns"]);
        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task All_aliases_of_a_key_and_of_its_replica_come_over_with_it()
    {
        var primary = await _world.MakeSolutionKeyAsync("s3", multiRegion: true, []);
        await _world.MakeAliasAsync("aws_kms_alias.old", "alias/old/s3", primary);
        await _world.MakeAliasAsync("aws_kms_alias.before", "alias/before", primary);
        var replica = await MakeReplicaAsync(primary);
        await _world.MakeAliasAsync("aws_kms_alias.eu", "alias/eu/s3", replica);

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.Contains("Nothing is left", report, StringComparison.Ordinal);
        Assert.Equal("""["alias/before","alias/old/s3"]""", AdditionalAliases("ServiceKey", "acme-s3"));
        Assert.Equal("""["alias/eu/s3"]""", AdditionalAliases("KeyReplica", "acme-s3-eu-west-1"));
        await _world.ObserveAndSwitchAsync();

        // They are the operator's from now on: an alias that the spec no longer names goes.
        _world.Operator.User.Patch("ServiceKey", new NamespacedName(Namespace, "acme-s3"), "{spec: {additionalAliases: [alias/old/s3]}}");
        await _world.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(1, (await _world.Operator.Aws.CallsAsync())["DeleteAlias"]);
    }

    [Fact]
    public async Task The_grants_of_a_key_and_of_its_replica_come_over_with_it_and_none_is_made_or_revoked()
    {
        var primary = await _world.MakeSolutionKeyAsync("s3", multiRegion: true, []);
        var replica = await MakeReplicaAsync(primary);
        const string Role = "arn:aws:iam::123456789012:role/backup";
        await _world.MakeGrantAsync("aws_kms_grant.backup", primary, new CreateGrantRequest { Name = "backup", GranteePrincipal = Role, Operations = ["Encrypt", "Decrypt", "CreateGrant"] });
        await _world.MakeGrantAsync("module.app.aws_kms_grant.this[0]", primary, new CreateGrantRequest
        {
            GranteePrincipal = "arn:aws:iam::444455556666:role/theirs",
            RetiringPrincipal = "arn:aws:iam::444455556666:root",
            Operations = ["Decrypt"],
            Constraints = new GrantConstraints { EncryptionContextEquals = new Dictionary<string, string> { ["stage"] = "live", ["app"] = "shop" } },
        });
        await _world.MakeGrantAsync("aws_kms_grant.replica", replica, new CreateGrantRequest { Name = "backup", GranteePrincipal = Role, Operations = ["Decrypt"] });

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.Contains("Nothing is left", report, StringComparison.Ordinal);
        Assert.Contains("spec.grants has app-0, backup: the grants of these names stay as they are", report, StringComparison.Ordinal);
        Assert.Contains("from = module.app.aws_kms_grant.this", report, StringComparison.Ordinal);
        var grants = _world.Operator.User.Get("ServiceKey", new NamespacedName(Namespace, "acme-s3"))["spec"]!["grants"];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(
            """[{"name":"app-0","granteePrincipal":"arn:aws:iam::444455556666:role/theirs","operations":["Decrypt"],"encryptionContextEquals":{"app":"shop","stage":"live"},"retiringPrincipal":"arn:aws:iam::444455556666:root"},{"name":"backup","granteePrincipal":"backup","operations":["CreateGrant","Decrypt","Encrypt"]}]"""), grants), grants?.ToJsonString());
        await _world.ObserveAndSwitchAsync();

        var status = _world.Operator.User.Get("ServiceKey", new NamespacedName(Namespace, "acme-s3"))["status"]!;
        Assert.All(status["grants"]!.AsArray(), grant => Assert.True((bool)grant!["foreign"]!));
        Assert.Equal(3, (await _world.Operator.Aws.CallsAsync())["CreateGrant"]);
        Assert.False((await _world.Operator.Aws.CallsAsync()).ContainsKey("RevokeGrant"));
    }

    private string? AdditionalAliases(string kind, string name) => _world.Operator.User.Get(kind, new NamespacedName(Namespace, name))["spec"]!["additionalAliases"]?.ToJsonString();

    // policy, how it is said, why
    public static TheoryData<string, string, string> Policies => new()
    {
        { Policy(), "the common statements\n", "KMS's default policy" },
        {
            Policy("""{"Sid":"Enable users","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:role/B","arn:aws:iam::123456789012:role/A"]},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"}"""),
            "the common statements\n", "users as the generated policy has them, by another name and in another order"
        },
        {
            Policy("""{"Sid":"Deny far","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}"""),
            "the common statements and 1 statement of its own\n", "a statement that nothing generates"
        },
        {
            Policy("""{"Sid":"RootAccess","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/R"},"Action":"kms:Decrypt","Resource":"*"}"""),
            "policy.override, the whole document\n", "a statement whose Sid the generated policy needs for another one"
        },
        { Policy().Replace("2012-10-17", "2008-10-17", StringComparison.Ordinal), "policy.override, the whole document\n", "an old Version has another meaning" },
        {
            """{"Version":"2012-10-17","Id":"mine","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/simulator"},"Action":"kms:*","Resource":"*"}]}""",
            "policy.override, the whole document\n", "a policy without the account's root"
        },
    };

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task A_plain_key_keeps_its_own_policy(string policy, string said, string why)
    {
        await _world.MakeAsync("aws_kms_key.plain", "alias/plain", policy, "", rotation: false, tags: ("Name", "plain"));

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.True(report.Contains(said, StringComparison.Ordinal), $"{why}: {report}");
        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task A_key_of_the_community_module_comes_over_from_terraform_show()
    {
        await _world.MakeAsync(
            "module.orders[\"eu\"].aws_kms_key.this[0]", "alias/orders",
            Policy("""{"Sid":"KeyServiceUsage","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/Svc"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}"""),
            "Orders", rotation: true, tags: ("Name", "orders"));

        await _world.ImportAsync(expectedCode: 0, shown: true);

        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task Primary_and_replica_come_over_together()
    {
        var primary = await _world.MakeSolutionKeyAsync("s3", multiRegion: true, []);
        await MakeReplicaAsync(primary);

        var report = await _world.ImportAsync(expectedCode: 0);

        Assert.Contains("what the primary has, for this Region", report, StringComparison.Ordinal);
        var spec = _world.Operator.User.Get("KeyReplica", new NamespacedName(Namespace, "acme-s3-eu-west-1"))["spec"]!;
        Assert.Equal("acme-s3", (string?)spec["primaryRef"]!["name"]);
        Assert.Equal(7, (int?)spec["pendingDeletionWindowDays"]);
        await _world.ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task While_the_operator_observes_the_way_back_is_to_delete_the_resources()
    {
        await _world.MakeSolutionKeyAsync("s3", multiRegion: false, []);
        await _world.ImportAsync(expectedCode: 0);
        var before = await _world.SnapshotAsync();
        await _world.Operator.SettleAsync();

        _world.Operator.User.Delete("ServiceKey", new NamespacedName(Namespace, "acme-s3"));
        await _world.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Empty(_world.Operator.User.List("ServiceKey", Namespace));
        Assert.Equal(before, await _world.SnapshotAsync());
    }

    [Fact]
    public async Task After_the_switch_the_way_back_is_to_observe_and_to_take_the_tags_off()
    {
        var name = new NamespacedName(Namespace, "acme-s3");
        var key = await _world.MakeSolutionKeyAsync("s3", multiRegion: false, []);
        var before = (await _world.Operator.Aws.KeyAsync()).ToJsonString();
        await _world.ImportAsync(expectedCode: 0);
        await _world.ObserveAndSwitchAsync();

        _world.Operator.User.Patch("ServiceKey", name, "{spec: {managementPolicy: Observe}}");
        await _world.Operator.SettleAsync();
        await _world.Operator.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = key.KeyId, TagKeys = ["servicekey.dev/cluster", "servicekey.dev/owner", "servicekey.dev/uid"] }, Ct);
        _world.Operator.User.Delete("ServiceKey", name);
        await _world.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Empty(_world.Operator.User.List("ServiceKey", Namespace));
        Assert.Equal(before, (await _world.Operator.Aws.KeyAsync()).ToJsonString());
        Assert.Equal(1, (await _world.Operator.Aws.CallsAsync())["UntagResource"]);
    }

    private static string Policy(string? more = null) =>
        $$"""{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}{{(more is null ? "" : "," + more)}}]}""";

    private async Task<KeyMetadata> MakeReplicaAsync(KeyMetadata primary)
    {
        var policy = SolutionPolicies.Of("s3", "eu-west-1", SimulatedAws.AccountId, []);
        var replica = (await _world.Operator.Aws.Kms().ReplicateKeyAsync(
            new ReplicateKeyRequest
            {
                KeyId = primary.KeyId,
                ReplicaRegion = "eu-west-1",
                Policy = policy,
                Description = "Multi-Region replica key for s3 from us-east-1",
                Tags = [new Tag { TagKey = "Name", TagValue = "alias/acme/s3-replica" }],
            },
            Ct)).ReplicaKeyMetadata;
        await _world.Operator.SettleAsync(TimeSpan.FromMinutes(5));
        await _world.Operator.Aws.Kms("eu-west-1").CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = replica.KeyId }, Ct);
        _world.State.Add("module.replica.aws_kms_replica_key.kms_key_replica[\"s3\"]", new JsonObject
        {
            ["arn"] = replica.Arn,
            ["primary_key_arn"] = primary.Arn,
            ["description"] = replica.Description,
            ["enabled"] = true,
            ["policy"] = policy,
            ["tags_all"] = new JsonObject { ["Name"] = "alias/acme/s3-replica" },
            ["deletion_window_in_days"] = 7,
        });
        _world.State.Add("module.replica.aws_kms_alias.kms_alias[\"s3\"]", new JsonObject { ["name"] = "alias/acme/s3", ["target_key_arn"] = replica.Arn });
        return replica;
    }
}
