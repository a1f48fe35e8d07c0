using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What a resource without a key finds in KMS before it makes one.</summary>
public sealed class FindExistingKeyTests
{
    private const string Cluster = "servicekey.dev/cluster";
    private const string Owner = "servicekey.dev/owner";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> KeysThatCannotBeAdopted => new()
    {
        { "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555", "InvalidSpec", "the key is in another Region than the class" },
        { "arn:aws:kms:us-east-1:999999999999:key/11111111-2222-3333-4444-555555555555", "InvalidSpec", "the key is in another account than the class" },
        { "11111111-2222-3333-4444-555555555555", "KeyNotFound", "there is no such key" },
        { "alias/nowhere", "KeyNotFound", "there is no such alias" },
        { "ecc", "InvalidSpec", "its spec is not the one that the resource asks for" },
        { "deleted", "PendingDeletion", "it is pending deletion, and only an explicit permission takes that back" },
    };

    [Theory]
    [MemberData(nameof(KeysThatCannotBeAdopted))]
    public async Task A_key_that_does_not_fit_is_not_adopted_and_no_other_is_made(string keyId, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        if (keyId is "ecc" or "deleted")
        {
            var request = keyId == "ecc" ? new CreateKeyRequest { KeySpec = KeySpec.ECC_NIST_P256, KeyUsage = KeyUsageType.SIGN_VERIFY } : new CreateKeyRequest();
            var made = (await scenario.Aws.Kms().CreateKeyAsync(request, Ct)).KeyMetadata.KeyId;
            if (keyId == "deleted")
                await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = made, PendingWindowInDays = 7 }, Ct);
            keyId = made;
        }

        var before = await scenario.CallsAsync("CreateKey");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: \"{keyId}\"}}"));
        await scenario.RestAsync();

        var ready = scenario.Condition("ServiceKey", "one", "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason, $"{why}: {ready}");
        Assert.Equal(before, await scenario.CallsAsync("CreateKey"));
    }

    [Theory]
    [InlineData("DescribeKey")]
    [InlineData("ListResourceTags")]
    public async Task An_adoption_that_AWS_refuses_waits_until_it_is_permitted(string operation)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.BreakAsync(operation);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: \"{key}\"}}"));
        await scenario.RestAsync();
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(key, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_key_is_adopted_by_the_first_of_two_resources()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}", "aliasTemplate: \"{prefix}/{name}\"");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: \"{key}\"}}") + Scenario.Key("two", "service: s3", $"adopt: {{keyId: \"{key}\"}}"));
        await scenario.RestAsync();

        Assert.Equal(["Available", "KeyConflict"], ((string[])["one", "two"]).Select(name => scenario.Condition("ServiceKey", name, "Ready")!.Value.Reason).Order());
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }

    [Fact]
    public async Task A_resource_stays_with_its_key_when_adopt_names_another_one_later()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var other = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        var own = scenario.Status("ServiceKey", "one", "keyId");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: \"{other}\"}}"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Equal(own, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_key_that_was_adopted_and_retained_is_found_again_without_its_id()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var kms = scenario.Aws.Kms();
        var existing = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "old" }, Ct)).KeyMetadata.KeyId;

        // A scan has seen the key without an owner.
        await scenario.ApplyAsync(Scenario.Key("other", "service: sns"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {existing}}}"));
        Assert.Equal(existing, scenario.Status("ServiceKey", "one", "keyId"));
        await scenario.DeleteAsync("ServiceKey", "one");
        await kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/s3" }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(existing, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_key_of_this_resource_in_another_cluster_is_not_doubled()
    {
        using var scenario = await Scenario.StartAsync();
        await MakeTaggedAsync(scenario, "former", alias: "alias/acme/s3");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "KeyConflict");
        Assert.Contains("--cluster-id former", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    [Fact]
    public async Task Of_several_keys_with_the_owner_tag_a_person_chooses()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var first = await MakeTaggedAsync(scenario, "test");
        await MakeTaggedAsync(scenario, "test");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "KeyConflict");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {first}}}"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(first, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_key_that_another_instance_of_the_operator_left_behind_a_moment_ago_is_found()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");

        var moment = TimeSpan.FromSeconds(2);

        // For the key of the other resource the operator looks at all keys of the account.
        scenario.User.Apply(Scenario.Key("other", "service: s3") + Scenario.Key("one", "service: s3", "suspend: true"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(moment);
        var left = await MakeTaggedAsync(scenario, "test", alias: "alias/acme/one");
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(moment);
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(left, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_key_of_an_earlier_resource_with_another_spec_is_left_alone()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        await scenario.ApplyAsync(Scenario.Key("one", "keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY"));
        await scenario.RestAsync();
        var signing = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.DeleteAsync("ServiceKey", "one");
        await scenario.Aws.Kms().DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/one" }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.NotEqual(signing, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(2, (await scenario.Aws.KeysAsync()).Count);
    }

    [Theory]
    [InlineData("ListKeys", "nobody knows whether there is a key of this resource already")]
    [InlineData("ListAliases", "nobody knows whose the alias is")]
    public async Task Without_a_look_at_what_is_there_no_key_is_made(string operation, string why)
    {
        using var scenario = await Scenario.StartAsync();

        // Without any key there is no alias either, and nothing to look at.
        await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct);
        await scenario.BreakAsync(operation);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        Assert.True((await scenario.Aws.KeysAsync()).Count == 1, why);
        Assert.Equal("AccessDenied", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Theory]
    [InlineData("accessDenied", "AccessDenied", "the operator's role may not create keys")]
    [InlineData("throttle", "Throttled", "KMS asks to slow down")]
    [InlineData("error5xx", "Progressing", "whether a key was made is not known")]
    public async Task A_refused_creation_is_told_and_tried_again(string fault, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("CreateKey", fault);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var ready = scenario.Condition("ServiceKey", "one", "Ready");
        Assert.True(ready is { Status: "False" } && ready.Value.Reason == reason, $"{why}: {ready}");

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    private static async Task<string> MakeTaggedAsync(Scenario scenario, string cluster, string? alias = null)
    {
        Tag[] tags = [new() { TagKey = Cluster, TagValue = cluster }, new() { TagKey = Owner, TagValue = "ServiceKey/team/one" }, new() { TagKey = "servicekey.dev/uid", TagValue = "gone" }];
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { Tags = [.. tags] }, Ct)).KeyMetadata.KeyId;
        if (alias is not null)
            await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = key }, Ct);
        return key;
    }
}
