using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Commands;
using KmsOperator.Importing;
using KmsOperator.Importing.Output;
using KmsOperator.Importing.Terraform;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Importing.Terraform;
using Xunit;

namespace KmsOperator.UnitTests.Importing;

/// <summary>Keys that Terraform made on the simulator, their state, and the operator to which they come over.</summary>
internal sealed class ForeignWorld : IDisposable
{
    public const string Namespace = "team";
    public const string Region = "us-east-1";

    private static readonly string[] Kinds = ["ServiceKey", "KeyReplica"];

    public OperatorUnderTest Operator { get; } = new();

    public StateText State { get; } = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Operator.Dispose();

    /// <summary>A key as <c>modules/aws/kms</c> makes it.</summary>
    public Task<KeyMetadata> MakeSolutionKeyAsync(string service, bool multiRegion, string[] trusted) => MakeAsync(
        $"module.kms.aws_kms_key.kms_key[\"{service}\"]", $"alias/acme/{service}", SolutionPolicies.Of(service, Region, SimulatedAws.AccountId, trusted),
        $"KMS key for encrypting {service}", rotation: true, multiRegion, ("Name", $"acme-{service}-cmk"));

    public Task<KeyMetadata> MakeAsync(string address, string alias, string policy, string description, bool rotation, (string, string) tags) =>
        MakeAsync(address, alias, policy, description, rotation, false, tags);

    /// <summary>One more alias of a key.</summary>
    public async Task MakeAliasAsync(string address, string alias, KeyMetadata key)
    {
        await Operator.Aws.Kms(ForeignKey.RegionOf(key.Arn)).CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = key.KeyId }, Ct);
        State.Add(address, new JsonObject { ["name"] = alias, ["target_key_id"] = key.KeyId, ["target_key_arn"] = key.Arn });
    }

    /// <summary>A grant on a key, as Terraform's provider makes and records it.</summary>
    public async Task MakeGrantAsync(string address, KeyMetadata key, CreateGrantRequest request)
    {
        request.KeyId = key.KeyId;
        var made = await Operator.Aws.Kms(ForeignKey.RegionOf(key.Arn)).CreateGrantAsync(request, Ct);
        State.Add(address, new JsonObject
        {
            ["id"] = $"{key.KeyId}:{made.GrantId}",
            ["key_id"] = key.Arn,
            ["grant_id"] = made.GrantId,
            ["grant_token"] = StateText.Secret,
            ["name"] = request.Name ?? "",
            ["grantee_principal"] = request.GranteePrincipal,
            ["retiring_principal"] = request.RetiringPrincipal ?? "",
            ["operations"] = new JsonArray([.. request.Operations.Select(operation => (JsonNode)operation)]),
            ["constraints"] = request.Constraints is not { } constraints ? new JsonArray() : new JsonArray(new JsonObject
            {
                ["encryption_context_equals"] = Map(constraints.EncryptionContextEquals),
                ["encryption_context_subset"] = Map(constraints.EncryptionContextSubset),
            }),
            ["retire_on_delete"] = false,
        });

        static JsonObject Map(Dictionary<string, string>? pairs) => new((pairs ?? []).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
    }

    public async Task<KeyMetadata> MakeAsync(string address, string alias, string policy, string description, bool rotation, bool multiRegion, (string Key, string Value) tag)
    {
        var kms = Operator.Aws.Kms();
        var key = (await kms.CreateKeyAsync(
            new CreateKeyRequest { Policy = policy, Description = description, MultiRegion = multiRegion, Tags = [new Tag { TagKey = tag.Key, TagValue = tag.Value }], BypassPolicyLockoutSafetyCheck = true }, Ct)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = key.KeyId }, Ct);
        if (rotation)
            await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId }, Ct);
        State.Add(address, new JsonObject
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
        State.Add($"{address[..address.LastIndexOf("aws_kms_key", StringComparison.Ordinal)]}aws_kms_alias.{alias.Replace('/', '_')}", new JsonObject
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
    public async Task<string> ImportAsync(int expectedCode, bool shown = false)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = ImportCommand.Finish(TerraformKeys.Read("state", shown ? State.ToShown() : State.ToState()), LetGo.Terraform, new ImportTarget(null, false, null), output, errors);
        Assert.True(code == expectedCode, $"{code}: {errors}");
        Assert.DoesNotContain(StateText.Secret, output.ToString() + errors, StringComparison.Ordinal);
        Operator.User.Apply(output.ToString(), Namespace);
        await Operator.SettleAsync(TimeSpan.Zero);
        return errors.ToString();
    }

    public async Task ObserveAndSwitchAsync()
    {
        var resources = Kinds.SelectMany(kind => Operator.User.List(kind, Namespace).Select(one => (kind, Name: new NamespacedName(Namespace, (string)one["metadata"]!["name"]!)))).ToArray();
        var before = await SnapshotAsync();
        await Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(before, await SnapshotAsync());
        foreach (var (kind, name) in resources)
        {
            var status = Operator.User.Get(kind, name)["status"]!;
            Assert.True(status["plan"]?.AsArray() is [{ } only] && (string)only["operation"]! == "TagResource", $"{kind} {name}: {status.ToJsonString()}");
            Operator.User.Patch(kind, name, "{spec: {managementPolicy: Full}}");
        }

        await Operator.SettleAsync(TimeSpan.FromMinutes(10));

        Assert.All(resources, one => Assert.Contains(
            Operator.User.Get(one.kind, one.Name)["status"]!["conditions"]!.AsArray(), condition => (string)condition!["type"]! == "Ready" && (string)condition["status"]! == "True"));
        var after = await SnapshotAsync();
        Assert.Equal(before with { Calls = "" }, after with { Calls = "" });
        Assert.Equal($"TagResource {resources.Length}", Difference(before.Calls, after.Calls));
        Assert.All(await Operator.Aws.KeysAsync(), key => Assert.Contains(key["tags"]!.AsObject(), tag => tag.Key == "servicekey.dev/owner"));
    }

    /// <summary>What AWS holds, without owner tags; and how often each operation that writes was called.</summary>
    public async Task<AwsState> SnapshotAsync()
    {
        var keys = (await Operator.Aws.KeysAsync()).Select(key => key.DeepClone().AsObject()).ToArray();
        foreach (var tags in keys.Select(key => key["tags"]!.AsObject()))
            foreach (var owned in tags.Select(tag => tag.Key).Where(name => name.StartsWith("servicekey.dev/", StringComparison.Ordinal)).ToArray())
                tags.Remove(owned);
        var writes = (await Operator.Aws.CallsAsync()).Where(call => !call.Key.StartsWith("Get", StringComparison.Ordinal) && !call.Key.StartsWith("List", StringComparison.Ordinal) && !call.Key.StartsWith("Describe", StringComparison.Ordinal));
        return new AwsState(string.Join('\n', keys.Select(key => key.ToJsonString())), string.Join('\n', writes.OrderBy(call => call.Key, StringComparer.Ordinal).Select(call => $"{call.Key} {call.Value}")));
    }

    private static string Difference(string before, string after) => string.Join('\n', after.Split('\n').Except(before.Split('\n')));

    public sealed record AwsState(string Keys, string Calls);
}
