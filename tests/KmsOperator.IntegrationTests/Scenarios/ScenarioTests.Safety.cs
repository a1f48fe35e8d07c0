using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// Keys are found again, taken over, protected and let go: docs/promises names these tests.
public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_resource_made_again_after_Retain_finds_its_key_without_an_id_in_Git()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        var id = await ReadyAsync("sk/one");
        await DeleteAsync("sk/one");
        Assert.NotNull(Tag(Assert.Single(await operators.KeysOfAsync(_namespace)), "servicekey.dev/released"));

        // As after the loss of the whole cluster: nothing but AWS knows of the key.
        operators.Restart();
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "description: again"));
        Assert.Equal(id, await ReadyAsync("sk/one"));
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Null(Tag(key, "servicekey.dev/released"));
        Assert.Equal("again", key["description"]!.GetValue<string>());
        Assert.Equal(await FieldAsync("sk/one", ".metadata.uid"), Tag(key, "servicekey.dev/uid"));
    }

    [Fact]
    public async Task A_resource_made_again_within_the_window_takes_its_key_back_from_deletion()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete", "pendingDeletionWindowDays: 7", "tags: {team: a}"));
        var id = await ReadyAsync("sk/one");
        await DeleteAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));

        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete", "tags: {team: a}"));
        Assert.Equal(id, await ReadyAsync("sk/one"));
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal("Enabled", State(key));
        Assert.Equal($"alias/{_namespace}/s3", Assert.Single(key["aliases"]!.AsArray())!.GetValue<string>());
        Assert.True(key["rotation"]!["enabled"]!.GetValue<bool>());
    }

    [Fact]
    public async Task An_existing_key_is_shown_first_and_taken_over_when_the_class_permits_it()
    {
        var token = TestContext.Current.CancellationToken;
        using var kms = operators.Kms();
        var existing = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "from Terraform" }, token)).KeyMetadata.KeyId;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = $"alias/{_namespace}/old", TargetKeyId = existing }, token);

        string[] adopting = ["service: s3", $"adopt: {{keyId: alias/{_namespace}/old}}"];
        await Cluster.ApplyTextAsync(Key("one", [.. adopting, "managementPolicy: Observe"]));
        Assert.Contains("spec.adopt", await ConditionAsync("sk/one", "False", "PermissionDenied", "Stalled"), StringComparison.Ordinal);

        await ApplyClassAsync("permissions: {adoption: Allow}");

        // The key is found first and compared then; both are Progressing.
        await Eventually.TrueAsync(async () => (await FieldAsync("sk/one", ".status.plan")).Length > 0, () => operators.Log);
        Assert.Contains("status.plan", await ConditionAsync("sk/one", "False", "Progressing", "Reconciling"), StringComparison.Ordinal);
        var plan = await FieldAsync("sk/one", ".status.plan[*].operation");
        Assert.Contains("PutKeyPolicy", plan, StringComparison.Ordinal);
        Assert.Contains("CreateAlias", plan, StringComparison.Ordinal);
        Assert.Equal("from Terraform", (await kms.DescribeKeyAsync(existing, token)).KeyMetadata.Description);
        Assert.Empty(await operators.KeysOfAsync(_namespace));

        await Cluster.ApplyTextAsync(Key("one", [.. adopting, "managementPolicy: Full"]));
        Assert.Equal(existing, await ReadyAsync("sk/one"));
        Assert.Equal("", await FieldAsync("sk/one", ".status.plan"));
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Equal("KMS key for encrypting s3", key["description"]!.GetValue<string>());
        Assert.Equal([$"alias/{_namespace}/old", $"alias/{_namespace}/s3"], key["aliases"]!.AsArray().Select(alias => alias!.GetValue<string>()).Order());

        // What somebody manages already is nobody else's.
        await Cluster.ApplyTextAsync(Key("two", "service: sns", $"adopt: {{keyId: {existing}}}"));
        Assert.Contains($"ServiceKey/{_namespace}/one", await ConditionAsync("sk/two", "False", "KeyConflict", "Stalled"), StringComparison.Ordinal);
    }

    // adopt.keyId, reason, part of the message, why
    public static TheoryData<string, string, string, string> WrongAdoptions => new()
    {
        { "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", "InvalidSpec", "is in account 123456789012, eu-west-1", "keys do not move between Regions" },
        { "arn:aws:kms:us-east-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab", "InvalidSpec", "is in account 222222222222", "nor between accounts" },
        { "1234abcd-12ab-34cd-56ef-1234567890ab", "KeyNotFound", "no other key is made", "a typing error must not make a key" },
        { "hmac", "InvalidSpec", "spec.keySpec", "another kind of key cannot become this one" },
        { "multi", "InvalidSpec", "spec.multiRegion", "nor can its multi-Region nature change" },
        { "foreign", "KeyConflict", "belongs to ServiceKey/elsewhere/it", "another cluster's key is never touched" },
    };

    [Theory]
    [MemberData(nameof(WrongAdoptions))]
    public async Task A_key_that_does_not_fit_is_not_taken_over(string adopt, string reason, string message, string why)
    {
        var token = TestContext.Current.CancellationToken;
        using var kms = operators.Kms();
        var made = adopt switch
        {
            "hmac" => new CreateKeyRequest { KeySpec = KeySpec.HMAC_256, KeyUsage = KeyUsageType.GENERATE_VERIFY_MAC },
            "multi" => new CreateKeyRequest { MultiRegion = true },
            "foreign" => new CreateKeyRequest
            {
                Tags =
                [
                    new Amazon.KeyManagementService.Model.Tag { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/elsewhere/it" },
                    new Amazon.KeyManagementService.Model.Tag { TagKey = "servicekey.dev/cluster", TagValue = "other" },
                ],
            },
            _ => null,
        };
        var keyId = made is null ? adopt : (await kms.CreateKeyAsync(made, token)).KeyMetadata.KeyId;
        await ApplyClassAsync("permissions: {adoption: Allow}");
        await Cluster.ApplyTextAsync(Key("one", "service: s3", $"adopt: {{keyId: \"{keyId}\"}}"));
        Assert.True((await ConditionAsync("sk/one", "False", reason, "Stalled")).Contains(message, StringComparison.Ordinal), why);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    [Fact]
    public async Task Observe_makes_no_key_and_says_what_Full_would_do()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "managementPolicy: Observe", "deletionPolicy: Delete", "enabled: false"));
        await ConditionAsync("sk/one", "False", "Progressing", "Reconciling");
        Assert.Equal("CreateKey CreateAlias EnableKeyRotation DisableKey", await FieldAsync("sk/one", ".status.plan[*].operation"));
        Assert.Empty(await operators.KeysOfAsync(_namespace));
        await DeleteAsync("sk/one");
    }

    [Fact]
    public async Task A_protected_key_is_not_scheduled_for_deletion_until_the_protection_goes()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        await ReadyAsync("sk/one");
        await AnnotateAsync("sk/one", "kms.servicekey.dev/deletion-protection=true");
        await StartDeletingAsync("sk/one");
        Assert.Contains("deletion-protection", await ConditionAsync("sk/one", "False", "Deleting", "Stalled"), StringComparison.Ordinal);
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));

        await AnnotateAsync("sk/one", "kms.servicekey.dev/deletion-protection-");
        await DeleteAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task A_key_that_was_used_lately_is_deleted_only_when_its_id_confirms_it()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Delete"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        await kms.EncryptAsync(new EncryptRequest { KeyId = id, Plaintext = new MemoryStream([1]) }, TestContext.Current.CancellationToken);
        await StartDeletingAsync("sk/one");
        var message = await ConditionAsync("sk/one", "False", "Deleting", "Stalled");
        Assert.Contains("Encrypt", message, StringComparison.Ordinal);
        Assert.Contains($"confirm-deletion: {id}", message, StringComparison.Ordinal);

        await AnnotateAsync("sk/one", "kms.servicekey.dev/confirm-deletion=some-other-key");
        await ConditionAsync("sk/one", "False", "Deleting", "Stalled");
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
        await AnnotateAsync("sk/one", $"kms.servicekey.dev/confirm-deletion={id}");
        await DeleteAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task Somebody_else_s_deletion_is_cancelled_only_with_Retain_and_the_class_s_permission()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "deletionPolicy: Retain"));
        var id = await ReadyAsync("sk/one");
        using var kms = operators.Kms();
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = id, PendingWindowInDays = 7 }, TestContext.Current.CancellationToken);
        await LookAsync("one");
        Assert.Contains("permissions.undelete", await ConditionAsync("sk/one", "False", "PendingDeletion", "Stalled"), StringComparison.Ordinal);

        await ApplyClassAsync("permissions: {undelete: Allow}");
        Assert.Equal(id, await ReadyAsync("sk/one"));
        Assert.Equal("Enabled", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }

    [Fact]
    public async Task An_alias_moves_only_with_the_class_s_permission_and_never_from_another_resource()
    {
        var token = TestContext.Current.CancellationToken;
        using var kms = operators.Kms();
        var foreign = (await kms.CreateKeyAsync(new CreateKeyRequest(), token)).KeyMetadata.KeyId;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = $"alias/{_namespace}/taken", TargetKeyId = foreign }, token);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", $"alias: alias/{_namespace}/taken", "takeOverAlias: true"));
        Assert.Contains("aliasTakeOver", await ConditionAsync("sk/one", "False", "PermissionDenied", "Stalled"), StringComparison.Ordinal);

        await ApplyClassAsync("permissions: {aliasTakeOver: Allow}");
        var id = await ReadyAsync("sk/one");
        Assert.Equal(id, (await kms.DescribeKeyAsync($"alias/{_namespace}/taken", token)).KeyMetadata.KeyId);

        await Cluster.ApplyTextAsync(Key("two", "service: sns", $"alias: alias/{_namespace}/taken", "takeOverAlias: true"));
        Assert.Contains($"ServiceKey/{_namespace}/one", await ConditionAsync("sk/two", "False", "AliasConflict", "Stalled"), StringComparison.Ordinal);
        Assert.Equal(id, (await kms.DescribeKeyAsync($"alias/{_namespace}/taken", token)).KeyMetadata.KeyId);
    }

    private Task<JsonObject?> FindAsync(string resource) => Cluster.Client.FindAsync(resource, _namespace);

    private async Task<string> FieldAsync(string resource, string path) =>
        (await FindAsync(resource) ?? throw new InvalidOperationException($"There is no {resource}.")).Field(path);

    /// <summary>Sets an annotation, or takes it away.</summary>
    /// <param name="resource">For example <c>sk/one</c>.</param>
    /// <param name="annotation">As for kubectl: <c>name=value</c>, or <c>name-</c> to take it away.</param>
    private Task AnnotateAsync(string resource, string annotation)
    {
        var (name, value) = annotation.Split('=', 2) is [var first, var second] ? (first, second) : (annotation.TrimEnd('-'), null);
        return PatchAsync(resource, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [name] = value } } }.ToJsonString());
    }

    private Task StartDeletingAsync(string resource) => Cluster.Client.DeleteAsync(resource, _namespace);

    private async Task DeleteAsync(string resource)
    {
        await StartDeletingAsync(resource);
        await GoneAsync(resource);
    }

    private static string State(JsonObject key) => key["keyState"]!.GetValue<string>();

    private Task PatchAsync(string resource, string patch) => Cluster.Client.PatchAsync(resource, _namespace, patch);

    private Task GoneAsync(string resource) => Eventually.TrueAsync(
        async () => await FindAsync(resource) is null, () => $"{resource} does not go.\n{operators.Log}", TimeSpan.FromSeconds(90));
}
