using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Commands;
using KmsOperator.Importing.Output;
using KmsOperator.Importing.Terraform;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Importing.Terraform;
using Xunit;

namespace KmsOperator.UnitTests.Importing;

/// <summary>
/// Keys that Terraform made come over without a change: import, apply, watch in Observe, switch to Full. AWS sees owner tags and nothing else. The operator is the real one, AWS is the simulator.
/// </summary>
public sealed class SilentImportTests : IDisposable
{
    private const string Namespace = "team";
    private const string Region = "us-east-1";

    private static readonly string[] Kinds = ["ServiceKey", "KeyReplica"];

    private readonly OperatorUnderTest _operator = new();
    private readonly StateText _state = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _operator.Dispose();

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
        await MakeSolutionKeyAsync(service, multiRegion: false, withTrustedAccount ? ["444455556666"] : []);

        var report = await ImportAsync(expectedCode: 0);

        if (service == "mwaa")
        {
            // The service's own policy does not have the solution's statement that is for every account, so the statements come over as they are.
            Assert.DoesNotContain("the policy of service mwaa\n", report, StringComparison.Ordinal);
            await ObserveAndSwitchAsync();
            return;
        }

        Assert.Contains($"the policy of service {service}\n", report, StringComparison.Ordinal);
        Assert.Equal(service, (string?)_operator.User.Get("ServiceKey", new NamespacedName(Namespace, $"acme-{service}"))["spec"]!["service"]);
        await ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task All_nineteen_services_and_eleven_more_keys_come_over_at_once_with_no_manual_step()
    {
        foreach (var service in SolutionPolicies.Services)
            await MakeSolutionKeyAsync(service, multiRegion: false, []);
        for (var i = 0; i < 11; i++)
            await MakeAsync($"aws_kms_key.extra[{i}]", $"alias/extra/k{i}", Policy(), $"extra {i}", rotation: i % 2 == 0, tags: ("Name", $"extra-{i}"));

        var report = await ImportAsync(expectedCode: 0);

        Assert.StartsWith("30 keys imported under 1 KeyClass. managementPolicy: Full changes nothing but owner tags on 30 of them. Nothing is left", report, StringComparison.Ordinal);
        await ObserveAndSwitchAsync();
    }

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
        await MakeAsync("aws_kms_key.plain", "alias/plain", policy, "", rotation: false, tags: ("Name", "plain"));

        var report = await ImportAsync(expectedCode: 0);

        Assert.True(report.Contains(said, StringComparison.Ordinal), $"{why}: {report}");
        await ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task A_key_of_the_community_module_comes_over_from_terraform_show()
    {
        await MakeAsync(
            "module.orders[\"eu\"].aws_kms_key.this[0]", "alias/orders",
            Policy("""{"Sid":"KeyServiceUsage","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/Svc"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}"""),
            "Orders", rotation: true, tags: ("Name", "orders"));

        await ImportAsync(expectedCode: 0, shown: true);

        await ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task Primary_and_replica_come_over_together()
    {
        var primary = await MakeSolutionKeyAsync("s3", multiRegion: true, []);
        var policy = SolutionPolicies.Of("s3", "eu-west-1", SimulatedAws.AccountId, []);
        var replica = (await _operator.Aws.Kms().ReplicateKeyAsync(
            new ReplicateKeyRequest
            {
                KeyId = primary.KeyId,
                ReplicaRegion = "eu-west-1",
                Policy = policy,
                Description = "Multi-Region replica key for s3 from us-east-1",
                Tags = [new Tag { TagKey = "Name", TagValue = "alias/acme/s3-replica" }],
            },
            Ct)).ReplicaKeyMetadata;
        await _operator.SettleAsync(TimeSpan.FromMinutes(5));
        await _operator.Aws.Kms("eu-west-1").CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = replica.KeyId }, Ct);
        _state.Add("module.replica.aws_kms_replica_key.kms_key_replica[\"s3\"]", new JsonObject
        {
            ["arn"] = replica.Arn,
            ["primary_key_arn"] = primary.Arn,
            ["description"] = replica.Description,
            ["enabled"] = true,
            ["policy"] = policy,
            ["tags_all"] = new JsonObject { ["Name"] = "alias/acme/s3-replica" },
            ["deletion_window_in_days"] = 7,
        });
        _state.Add("module.replica.aws_kms_alias.kms_alias[\"s3\"]", new JsonObject { ["name"] = "alias/acme/s3", ["target_key_arn"] = replica.Arn });

        var report = await ImportAsync(expectedCode: 0);

        Assert.Contains("what the primary has, for this Region", report, StringComparison.Ordinal);
        var spec = _operator.User.Get("KeyReplica", new NamespacedName(Namespace, "acme-s3-eu-west-1"))["spec"]!;
        Assert.Equal("acme-s3", (string?)spec["primaryRef"]!["name"]);
        Assert.Equal(7, (int?)spec["pendingDeletionWindowDays"]);
        await ObserveAndSwitchAsync();
    }

    [Fact]
    public async Task While_the_operator_observes_the_way_back_is_to_delete_the_resources()
    {
        await MakeSolutionKeyAsync("s3", multiRegion: false, []);
        await ImportAsync(expectedCode: 0);
        var before = await SnapshotAsync();
        await _operator.SettleAsync();

        _operator.User.Delete("ServiceKey", new NamespacedName(Namespace, "acme-s3"));
        await _operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Empty(_operator.User.List("ServiceKey", Namespace));
        Assert.Equal(before, await SnapshotAsync());
    }

    [Fact]
    public async Task After_the_switch_the_way_back_is_to_observe_and_to_take_the_tags_off()
    {
        var name = new NamespacedName(Namespace, "acme-s3");
        var key = await MakeSolutionKeyAsync("s3", multiRegion: false, []);
        var before = (await _operator.Aws.KeyAsync()).ToJsonString();
        await ImportAsync(expectedCode: 0);
        await ObserveAndSwitchAsync();

        _operator.User.Patch("ServiceKey", name, "{spec: {managementPolicy: Observe}}");
        await _operator.SettleAsync();
        await _operator.Aws.Kms().UntagResourceAsync(new UntagResourceRequest { KeyId = key.KeyId, TagKeys = ["servicekey.dev/cluster", "servicekey.dev/owner", "servicekey.dev/uid"] }, Ct);
        _operator.User.Delete("ServiceKey", name);
        await _operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Empty(_operator.User.List("ServiceKey", Namespace));
        Assert.Equal(before, (await _operator.Aws.KeyAsync()).ToJsonString());
        Assert.Equal(1, (await _operator.Aws.CallsAsync())["UntagResource"]);
    }

    /// <summary>A key as <c>modules/aws/kms</c> makes it.</summary>
    private Task<KeyMetadata> MakeSolutionKeyAsync(string service, bool multiRegion, string[] trusted) => MakeAsync(
        $"module.kms.aws_kms_key.kms_key[\"{service}\"]", $"alias/acme/{service}", SolutionPolicies.Of(service, Region, SimulatedAws.AccountId, trusted),
        $"KMS key for encrypting {service}", rotation: true, multiRegion, ("Name", $"acme-{service}-cmk"));

    private Task<KeyMetadata> MakeAsync(string address, string alias, string policy, string description, bool rotation, (string, string) tags) =>
        MakeAsync(address, alias, policy, description, rotation, false, tags);

    private async Task<KeyMetadata> MakeAsync(string address, string alias, string policy, string description, bool rotation, bool multiRegion, (string Key, string Value) tag)
    {
        var kms = _operator.Aws.Kms();
        var key = (await kms.CreateKeyAsync(
            new CreateKeyRequest { Policy = policy, Description = description, MultiRegion = multiRegion, Tags = [new Tag { TagKey = tag.Key, TagValue = tag.Value }], BypassPolicyLockoutSafetyCheck = true }, Ct)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = key.KeyId }, Ct);
        if (rotation)
            await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId }, Ct);
        _state.Add(address, new JsonObject
        {
            ["arn"] = key.Arn,
            ["key_id"] = key.KeyId,
            ["description"] = description,
            ["customer_master_key_spec"] = "SYMMETRIC_DEFAULT",
            ["key_usage"] = "ENCRYPT_DECRYPT",
            ["is_enabled"] = true,
            ["enable_key_rotation"] = rotation,
            ["rotation_period_in_days"] = rotation ? 365 : null,
            ["multi_region"] = multiRegion,
            ["policy"] = policy,
            ["tags"] = new JsonObject(),
            ["tags_all"] = new JsonObject { [tag.Key] = tag.Value },
            ["deletion_window_in_days"] = 30,
        });
        _state.Add($"{address[..address.LastIndexOf("aws_kms_key", StringComparison.Ordinal)]}aws_kms_alias.{alias.Replace('/', '_')}", new JsonObject
        {
            ["name"] = alias,
            ["arn"] = $"arn:aws:kms:{Region}:{SimulatedAws.AccountId}:{alias}",
            ["target_key_id"] = key.KeyId,
            ["target_key_arn"] = key.Arn,
        });
        return key;
    }

    /// <summary>Imports the state and applies the output.</summary>
    /// <returns>The report.</returns>
    private async Task<string> ImportAsync(int expectedCode, bool shown = false)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = ImportCommand.Finish(TerraformKeys.Read("state", shown ? _state.ToShown() : _state.ToState()), LetGo.Terraform, new ImportTarget(null, false, null), output, errors);
        Assert.True(code == expectedCode, $"{code}: {errors}");
        Assert.DoesNotContain(StateText.Secret, output.ToString() + errors, StringComparison.Ordinal);
        _operator.User.Apply(output.ToString(), Namespace);
        await _operator.SettleAsync(TimeSpan.Zero);
        return errors.ToString();
    }

    private async Task ObserveAndSwitchAsync()
    {
        var resources = Kinds.SelectMany(kind => _operator.User.List(kind, Namespace).Select(one => (kind, Name: new NamespacedName(Namespace, (string)one["metadata"]!["name"]!)))).ToArray();
        var before = await SnapshotAsync();
        await _operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(before, await SnapshotAsync());
        foreach (var (kind, name) in resources)
        {
            var status = _operator.User.Get(kind, name)["status"]!;
            Assert.True(status["plan"]?.AsArray() is [{ } only] && (string)only["operation"]! == "TagResource", $"{kind} {name}: {status.ToJsonString()}");
            _operator.User.Patch(kind, name, "{spec: {managementPolicy: Full}}");
        }

        await _operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.All(resources, one => Assert.Contains(
            _operator.User.Get(one.kind, one.Name)["status"]!["conditions"]!.AsArray(), condition => (string)condition!["type"]! == "Ready" && (string)condition["status"]! == "True"));
        var after = await SnapshotAsync();
        Assert.Equal(before with { Calls = "" }, after with { Calls = "" });
        Assert.Equal($"TagResource {resources.Length}", Difference(before.Calls, after.Calls));
        Assert.All(await _operator.Aws.KeysAsync(), key => Assert.Contains(key["tags"]!.AsObject(), tag => tag.Key == "servicekey.dev/owner"));
    }

    /// <summary>What AWS holds, without owner tags; and how often each operation that writes was called.</summary>
    private async Task<AwsState> SnapshotAsync()
    {
        var keys = (await _operator.Aws.KeysAsync()).Select(key => key.DeepClone().AsObject()).ToArray();
        foreach (var tags in keys.Select(key => key["tags"]!.AsObject()))
            foreach (var owned in tags.Select(tag => tag.Key).Where(name => name.StartsWith("servicekey.dev/", StringComparison.Ordinal)).ToArray())
                tags.Remove(owned);
        var writes = (await _operator.Aws.CallsAsync()).Where(call => !call.Key.StartsWith("Get", StringComparison.Ordinal) && !call.Key.StartsWith("List", StringComparison.Ordinal) && !call.Key.StartsWith("Describe", StringComparison.Ordinal));
        return new AwsState(string.Join('\n', keys.Select(key => key.ToJsonString())), string.Join('\n', writes.OrderBy(call => call.Key, StringComparer.Ordinal).Select(call => $"{call.Key} {call.Value}")));
    }

    private static string Difference(string before, string after) => string.Join('\n', after.Split('\n').Except(before.Split('\n')));

    private static string Policy(string? more = null) =>
        $$"""{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}{{(more is null ? "" : "," + more)}}]}""";

    private sealed record AwsState(string Keys, string Calls);
}
